#include "proxy/formats/json_document.h"

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"

namespace brownout::codecs {
namespace {

using OrderedJson = nlohmann::ordered_json;
using rules::Node;

// Escapes "~" and "/" in a key (RFC 6901, section 3).
std::string escaped(const std::string& key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

struct ToJson {
  OrderedJson operator()(std::monostate) const { return nullptr; }
  OrderedJson operator()(const std::shared_ptr<const rules::FileText>& file) const {
    return file->path;
  }
  OrderedJson operator()(const Node::Array& array) const {
    OrderedJson list = OrderedJson::array();
    for (const auto& element : array) list.push_back(to_json(element));
    return list;
  }
  OrderedJson operator()(const Node::Table& table) const {
    OrderedJson object = OrderedJson::object();
    for (const auto& member : table) object[member.key] = to_json(member.node);
    return object;
  }
  template <class T>
  OrderedJson operator()(const T& value) const {
    return value;
  }
};

}  // namespace

rules::Result<Node> parse_json(std::string_view text, std::size_t most_values) {
  JsonLimits limits(most_values);
  const auto within = [&](int depth, OrderedJson::parse_event_t event, OrderedJson&) {
    return limits.admit(depth, event);
  };
  try {
    const auto json = OrderedJson::parse(text, within);
    if (limits.why() != nullptr) {
      return rules::config_error(std::string("the JSON ") + limits.why(),
                                 "split it into smaller parts");
    }
    return to_node(json);
  } catch (const OrderedJson::exception& error) {
    std::string what = error.what();
    // The library's message is "[json.exception.parse_error.101] parse error at line 1, ...".
    // Removes the part in brackets.
    if (const auto end = what.find("] "); end != std::string::npos) what.erase(0, end + 2);
    return rules::config_error("not JSON: " + what);
  }
}

Node to_node(const OrderedJson& json) {
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return {json.get<bool>()};
    case OrderedJson::value_t::number_integer:
      return {json.get<std::int64_t>()};
    case OrderedJson::value_t::number_unsigned: {
      const auto value = json.get<std::uint64_t>();
      if (value > static_cast<std::uint64_t>(INT64_MAX)) return {static_cast<double>(value)};
      return {static_cast<std::int64_t>(value)};
    }
    case OrderedJson::value_t::number_float:
      return {json.get<double>()};
    case OrderedJson::value_t::string:
      return {json.get<std::string>()};
    case OrderedJson::value_t::array: {
      Node::Array list;
      for (const auto& element : json) list.push_back(to_node(element));
      return {std::move(list)};
    }
    case OrderedJson::value_t::object: {
      Node::Table table;
      for (const auto& [key, member] : json.items()) table.push_back({key, {}, to_node(member)});
      return {std::move(table)};
    }
    default:
      return {};
  }
}

OrderedJson to_json(const Node& node) { return std::visit(ToJson{}, node.value); }

const std::string& Pointers::at(rules::Position where) const {
  return where.line < pointers_.size() ? pointers_[where.line] : pointers_.front();
}

void Pointers::number(Node& node, const std::string& pointer) {
  const auto next = [&](const std::string& to) {
    pointers_.push_back(to);
    return rules::Position{static_cast<unsigned>(pointers_.size() - 1), 1};
  };
  node.where = next(pointer);
  if (auto* array = std::get_if<Node::Array>(&node.value)) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      number((*array)[i], pointer + "/" + std::to_string(i));
    }
  }
  if (auto* table = std::get_if<Node::Table>(&node.value)) {
    for (auto& member : *table) {
      const auto to = pointer + "/" + escaped(member.key);
      member.where = next(to);
      number(member.node, to);
    }
  }
}

}  // namespace brownout::codecs
