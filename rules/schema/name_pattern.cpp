#include "rules/schema/name_pattern.h"

#include <algorithm>
#include <cctype>

#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

constexpr std::size_t kLongestName = 253;

}  // namespace

std::string canonical_name(std::string_view name) {
  std::string result(name);
  for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // An escaped dot belongs to the name's last label (RFC 1035, 5.1) and stays. A dot after an
  // escaped backslash is a trailing dot.
  if (!result.ends_with('.')) return result;
  std::size_t escapes = 0;
  while (escapes + 1 < result.size() && result[result.size() - 2 - escapes] == '\\') ++escapes;
  if (escapes % 2 == 0) result.pop_back();
  return result;
}

std::string_view parent_name(std::string_view name) {
  std::size_t dot = 0;
  while (dot < name.size() && name[dot] != '.') dot += name[dot] == '\\' ? 2 : 1;
  return dot < name.size() ? name.substr(dot + 1) : std::string_view{};
}

Result<NamePattern> NamePattern::parse(std::string_view text) {
  const auto bad = [&](const std::string& what) {
    return config_error(what, R"(e.g. "chat.example.org", ".example.org" or "*.example.org")");
  };
  if (text.empty()) return bad("the name pattern is empty, so it matches nothing");
  if (text.size() > kLongestName)
    return bad("the name pattern is too long: a name has at most 253 characters");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '/' || byte == ':' || byte >= 127) {
      return bad(in_quotes(text) + " is not a pattern of names");
    }
  }
  NamePattern pattern;
  pattern.text_ = text == "." ? "." : canonical_name(text);
  return pattern;
}

bool NamePattern::matches(std::string_view name) const {
  if (text_ == ".") return true;
  if (text_.starts_with('.')) {
    return name == std::string_view(text_).substr(1) || name.ends_with(text_);
  }
  return glob_matches(text_, name);
}

bool any_matches(const std::vector<NamePattern>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const NamePattern& pattern) { return pattern.matches(name); });
}

Result<NamePattern> ValueKind<NamePattern>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a name");
  return NamePattern::parse(*text);
}

}  // namespace brownout::rules
