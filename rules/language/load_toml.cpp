#include "rules/language/load_toml.h"

#include <toml++/toml.h>

#include "rules/language/complete_names.h"
#include "rules/language/toml_depth.h"

namespace brownout::rules {
namespace {

Position position(const toml::source_position& at) { return {at.line, at.column}; }

Node to_node(const toml::node& from);

struct ToNode {
  Position where;

  Node operator()(const toml::table& table) const {
    Node::Table members;
    members.reserve(table.size());
    for (const auto& [key, value] : table) {
      members.push_back({std::string(key.str()), position(key.source().begin), to_node(value)});
    }
    return {std::move(members), where};
  }
  Node operator()(const toml::array& array) const {
    Node::Array elements;
    elements.reserve(array.size());
    for (const auto& element : array) elements.push_back(to_node(element));
    return {std::move(elements), where};
  }
  Node operator()(const toml::value<std::string>& value) const { return {value.get(), where}; }
  Node operator()(const toml::value<std::int64_t>& value) const { return {value.get(), where}; }
  Node operator()(const toml::value<double>& value) const { return {value.get(), where}; }
  Node operator()(const toml::value<bool>& value) const { return {value.get(), where}; }
  // Converts dates and times to an empty Node. No key accepts them, so each schema reports the type
  // that it expects.
  template <class T>
  Node operator()(const toml::value<T>&) const {
    return {std::monostate{}, where};
  }
};

Node to_node(const toml::node& from) { return from.visit(ToNode{position(from.source().begin)}); }

}  // namespace

tl::expected<Node, Diagnostics> parse_toml(std::string_view text) {
  if (const auto where = too_deep(text)) {
    Diagnostics problems;
    problems.add(*where,
                 "more than " + std::to_string(kDeepestToml) + " tables and arrays in one another",
                 "each part of a dotted key or header is a table, too");
    return tl::unexpected(std::move(problems));
  }
  // Debian builds toml++ with exceptions. All of them are caught in this function.
  try {
    auto document = to_node(toml::parse(text));
    complete_names(document);
    return document;
  } catch (const toml::parse_error& error) {
    Diagnostics problems;
    const bool too_large = error.description().find("64 bits") != std::string_view::npos;
    problems.add(
        position(error.source().begin), std::string(error.description()),
        too_large ? "whole numbers go from -9223372036854775808 to 9223372036854775807"
                  : "rule files are TOML: texts are in quotes, and a table in { } is on one line");
    return tl::unexpected(std::move(problems));
  }
}

tl::expected<Config, Diagnostics> load_toml(std::string_view text) {
  const auto document = parse_toml(text);
  if (!document) return tl::unexpected(document.error());
  return read_config(*document);
}

}  // namespace brownout::rules
