#include "rules/schema/text_pattern.h"

#include <re2/re2.h>

#include <algorithm>

namespace brownout::rules {

std::string lower_case(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return small;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after = 0;
  while (n < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[n]) && pattern[p] != '*') {
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

Result<TextPattern> TextPattern::parse(std::string_view text) {
  TextPattern pattern;
  pattern.text_ = text;
  if (!text.starts_with('~')) return pattern;
  text.remove_prefix(1);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  auto regex = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok()) {
    return config_error(in_quotes(text) + " is not a regular expression: " + regex->error(),
                        "a pattern that begins with ~ is a regular expression (RE2 syntax); "
                        "correct it, or remove the ~ to use a pattern with * and ?");
  }
  pattern.regex_ = std::move(regex);
  return pattern;
}

bool TextPattern::matches(std::string_view text) const {
  if (!regex_) return glob_matches(text_, text);
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
}

bool any_matches(const std::vector<TextPattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const TextPattern& pattern) { return pattern.matches(text); });
}

Result<TextPattern> ValueKind<TextPattern>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a pattern");
  return TextPattern::parse(*text);
}

std::vector<HeaderPattern> read_header_patterns(std::string_view key, std::string_view example,
                                                const Node& node, Diagnostics& problems) {
  std::vector<HeaderPattern> patterns;
  if (node.table() == nullptr) {
    problems.add(node.where,
                 std::string(key) + ": expected a table, found " + std::string(node.type_name()),
                 "e.g. " + std::string(key) + " = { " + std::string(example) + " }");
    return patterns;
  }
  if (node.table()->empty()) {
    problems.add(node.where, std::string(key) + " is empty, so it selects nothing",
                 "leave " + std::string(key) + " out, or give a pattern, e.g. " + std::string(key) +
                     " = { " + std::string(example) + " }");
  }
  for (const auto& member : *node.table()) {
    auto pattern = ValueKind<TextPattern>::read(member.node);
    if (pattern) {
      patterns.push_back({member.key, std::move(*pattern)});
    } else {
      problems.add(member.node.where, std::string(key) + ": " + pattern.error().what,
                   pattern.error().hint);
    }
  }
  return patterns;
}

}  // namespace brownout::rules
