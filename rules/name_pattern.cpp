#include "rules/name_pattern.h"

#include <algorithm>
#include <cctype>

namespace brownout::rules {
namespace {

constexpr std::size_t kLongestName = 253;

// Both lower case. Linear in practice: after a mismatch only the last * is tried again.
bool glob(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n]) && pattern[p] != '*') {
      ++p;
      ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

Result<NamePattern> NamePattern::parse(std::string_view text) {
  const auto bad = [&](const std::string& what) {
    return config_error(what, R"(e.g. "chat.example.org", ".example.org" or "*.example.org")");
  };
  if (text.empty()) return bad("an empty name matches nothing");
  if (text.size() > kLongestName) return bad("longer than a name can be (253 characters)");
  NamePattern pattern;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '/' || byte == ':' || byte >= 127) {
      return bad(in_quotes(text) + " is not a name");
    }
    pattern.text_ += static_cast<char>(std::tolower(byte));
  }
  if (pattern.text_.size() > 1 && pattern.text_.ends_with('.')) pattern.text_.pop_back();
  return pattern;
}

bool NamePattern::matches(std::string_view name) const {
  if (text_ == ".") return true;
  if (text_.starts_with('.')) {
    return name == std::string_view(text_).substr(1) || name.ends_with(text_);
  }
  return glob(text_, name);
}

Result<NamePattern> ValueKind<NamePattern>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a name");
  return NamePattern::parse(*text);
}

}  // namespace brownout::rules
