#include "proxy/codecs/json_document.h"

#include <nlohmann/json.hpp>

namespace brownout::codecs {
namespace {

using Json = nlohmann::ordered_json;
using rules::Node;

constexpr int kDeepest = 64;

// "~" and "/" in a key (RFC 6901, 3).
std::string escaped(const std::string& key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const Node::Array& array) const {
    Json list = Json::array();
    for (const auto& one : array) list.push_back(to_json(one));
    return list;
  }
  Json operator()(const Node::Table& table) const {
    Json object = Json::object();
    for (const auto& member : table) object[member.key] = to_json(member.node);
    return object;
  }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

}  // namespace

rules::Result<Node> parse_json(std::string_view text) {
  int deepest = 0;
  const auto measure = [&](int depth, Json::parse_event_t, Json&) {
    deepest = std::max(deepest, depth);
    return depth <= kDeepest;
  };
  try {
    const auto json = Json::parse(text, measure);
    if (deepest > kDeepest) return rules::config_error("more than 64 levels deep");
    return to_node(json);
  } catch (const Json::exception& error) {
    std::string what = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const auto end = what.find("] "); end != std::string::npos) what.erase(0, end + 2);
    return rules::config_error("not JSON: " + what);
  }
}

Node to_node(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return {json.get<bool>()};
    case Json::value_t::number_integer:
      return {json.get<std::int64_t>()};
    case Json::value_t::number_unsigned: {
      const auto value = json.get<std::uint64_t>();
      if (value > static_cast<std::uint64_t>(INT64_MAX)) return {static_cast<double>(value)};
      return {static_cast<std::int64_t>(value)};
    }
    case Json::value_t::number_float:
      return {json.get<double>()};
    case Json::value_t::string:
      return {json.get<std::string>()};
    case Json::value_t::array: {
      Node::Array list;
      for (const auto& one : json) list.push_back(to_node(one));
      return {std::move(list)};
    }
    case Json::value_t::object: {
      Node::Table table;
      for (const auto& [key, one] : json.items()) table.push_back({key, {}, to_node(one)});
      return {std::move(table)};
    }
    default:
      return {};
  }
}

Json to_json(const Node& node) { return std::visit(ToJson{}, node.value); }

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
