#include "proxy/draft/envoy_match.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proxy/formats/toml_text.h"
#include "rules/schema/text_pattern.h"

namespace brownout::draft {
namespace {

using codecs::toml_string;
using rules::Node;

bool is_true(const Node* node) {
  const auto* value = node != nullptr ? std::get_if<bool>(&node->value) : nullptr;
  return value != nullptr && *value;
}

const std::string* text_at(const Node& node, std::string_view name) {
  const auto* found = envoy_field(node, name);
  return found != nullptr ? found->string() : nullptr;
}

// Returns a regular expression that matches only this text.
std::string literal(std::string_view text) {
  constexpr std::string_view kSpecial = R"(\.+*?()|[]{}^$)";
  std::string regex;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) regex += '\\';
    regex += c;
  }
  return regex;
}

// Returns a glob. If the text has characters that are special in a glob, or case is ignored,
// returns a regular expression.
std::string pattern_of(std::string_view before, const std::string& text, std::string_view behind,
                       bool ignore_case) {
  const bool plain = !ignore_case && text.find_first_of("*?~") == std::string::npos;
  if (plain) return std::string(before) + text + std::string(behind);
  return std::string("~") + (ignore_case ? "(?i)" : "") + (before.empty() ? "^" : "") +
         literal(text) + (behind.empty() ? "$" : "");
}

// Returns the pattern of Envoy's StringMatcher. In older versions of Envoy its fields have an
// ending, such as "_match" in exact_match.
std::optional<std::string> string_pattern(const Node& matcher, const std::string& ending) {
  const bool ignore_case = is_true(envoy_field(matcher, "ignore_case"));
  const auto* exact = text_at(matcher, "exact" + ending);
  const auto* prefix = text_at(matcher, "prefix" + ending);
  const auto* suffix = text_at(matcher, "suffix" + ending);
  const auto* part = text_at(matcher, "contains" + ending);
  const auto* regex = envoy_field(matcher, "safe_regex" + ending);
  if (exact != nullptr) return pattern_of("", *exact, "", ignore_case);
  if (prefix != nullptr) return pattern_of("", *prefix, "*", ignore_case);
  if (suffix != nullptr) return pattern_of("*", *suffix, "", ignore_case);
  if (part != nullptr) return pattern_of("*", *part, "*", ignore_case);
  if (regex == nullptr || text_at(*regex, "regex") == nullptr) return std::nullopt;
  return "~^(?:" + *text_at(*regex, "regex") + ")$";
}

std::optional<std::string> header_pattern(const Node& matcher) {
  if (envoy_field(matcher, "present_match") != nullptr) return "*";
  if (const auto* text = envoy_field(matcher, "string_match")) return string_pattern(*text, "");
  return string_pattern(matcher, "_match");
}

bool is_inverted(const Node& matcher) {
  const auto* present = envoy_field(matcher, "present_match");
  const bool absent = present != nullptr && !is_true(present);
  return is_true(envoy_field(matcher, "invert_match")) != absent;
}

// Whether a pattern is literal text. The keys `method` and `host` accept only such patterns.
bool is_plain(const std::string& pattern) {
  return pattern.find_first_of("*?~") == std::string::npos;
}

// Returns the key of `match` for this header (`method`, `host` ...); "" if there is none.
std::string_view key_of_header(std::string_view name, const std::string& pattern) {
  if (name == ":path") return "path";
  if (name == ":method" && is_plain(pattern)) return "method";
  if (name == ":authority" && is_plain(pattern)) return "host";
  return name.starts_with(':') ? "" : "header";
}

void add_parameters(const Node& parameters, EnvoyMatch& match) {
  if (parameters.array() == nullptr) return;
  EnvoyMatch table;
  for (const auto& matcher : *parameters.array()) {
    const auto* name = text_at(matcher, "name");
    const auto pattern = header_pattern(matcher);
    if (name == nullptr || !pattern || is_inverted(matcher)) {
      match.left_out.push_back("query parameter " + (name != nullptr ? *name : std::string("?")));
    } else {
      table.add(toml_string(*name), toml_string(*pattern));
    }
  }
  for (auto& text : table.left_out) match.left_out.push_back("a second condition on " + text);
  if (!table.keys.empty()) match.add("query", table.text());
}

}  // namespace

const Node* envoy_field(const Node& node, std::string_view name) {
  if (const auto* found = node.find(name)) return found;
  std::string json;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool raised = name[i] == '_' && i + 1 < name.size();
    json += raised ? static_cast<char>(name[++i] - 'a' + 'A') : name[i];
  }
  return node.find(json);
}

void EnvoyMatch::add(const std::string& key, std::string value) {
  const bool known =
      std::any_of(keys.begin(), keys.end(), [&](const Line& line) { return line.key == key; });
  if (known) {
    left_out.push_back(key);
  } else {
    keys.push_back({key, std::move(value)});
  }
}

std::string EnvoyMatch::text() const {
  std::string list;
  for (const auto& [key, value, note] : keys) {
    list += (list.empty() ? "" : ", ") + key + " = " + value;
  }
  std::string tables;
  for (const auto& table : except) tables += (tables.empty() ? "" : ", ") + table;
  if (except.size() > 1) tables = "[" + tables + "]";
  if (!tables.empty()) list += (list.empty() ? "not = " : ", not = ") + tables;
  return list.empty() ? "" : "{ " + list + " }";
}

void add_headers(const Node& headers, EnvoyMatch& match) {
  if (headers.array() == nullptr) return;
  EnvoyMatch table;
  for (const auto& matcher : *headers.array()) {
    const auto* name = text_at(matcher, "name");
    const auto pattern = header_pattern(matcher);
    const auto what = name == nullptr ? std::string("?") : *name;
    const std::string key(pattern ? key_of_header(what, *pattern) : "");
    if (name == nullptr || name->empty() || key.empty()) {
      match.left_out.push_back("header " + what);
      continue;
    }
    const auto header = toml_string(rules::lower_case(what));
    const auto value = toml_string(*pattern);
    if (is_inverted(matcher)) {
      match.except.push_back("{ " + key + " = " +
                             (key == "header" ? "{ " + header + " = " + value + " }" : value) +
                             " }");
    } else if (key == "header") {
      table.add(header, value);
    } else {
      match.add(key, value);
    }
  }
  for (auto& text : table.left_out) match.left_out.push_back("a second condition on " + text);
  if (!table.keys.empty()) match.add("header", table.text());
}

void add_route(const Node& route_match, EnvoyMatch& match) {
  if (const auto* prefix = text_at(route_match, "prefix"); prefix != nullptr && *prefix != "/") {
    match.add("path", toml_string(pattern_of("", *prefix, "*", false)));
  }
  if (const auto* path = text_at(route_match, "path")) {
    match.add("path", toml_string(pattern_of("", *path, "", false)));
  }
  for (const std::string_view other :
       {"safe_regex", "path_separated_prefix", "connect_matcher", "path_match_policy", "grpc"}) {
    if (envoy_field(route_match, other) != nullptr) match.left_out.emplace_back(other);
  }
  if (const auto* headers = envoy_field(route_match, "headers")) add_headers(*headers, match);
  if (const auto* parameters = envoy_field(route_match, "query_parameters")) {
    add_parameters(*parameters, match);
  }
}

}  // namespace brownout::draft
