#include "rules/protocols/http1/regex_edit.h"

#include <re2/re2.h>

#include <array>

#include "rules/base/diagnostics.h"

namespace brownout::rules {
namespace {

constexpr int kMostGroups = 10;  // \0 to \9
// Limit of matches. Each takes up to a microsecond, during which the worker serves no other
// connection.
constexpr std::size_t kMostMatches = 100'000;

// Returns the length of the UTF-8 character at the begin of the text, or 1 if there is none.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    ++size;
  return static_cast<unsigned char>(text.front()) < 0xc0 ? 1 : size;
}

}  // namespace

Result<RegexEdit> RegexEdit::parse(std::string_view regex, std::string_view with) {
  RE2::Options options;
  options.set_log_errors(false);
  RegexEdit edit;
  auto compiled = std::make_shared<re2::RE2>(re2::StringPiece(regex.data(), regex.size()), options);
  if (!compiled->ok()) {
    return config_error(in_quotes(regex) + " is not a regular expression: " + compiled->error(),
                        "use the syntax of RE2, without a ~ at the beginning");
  }
  std::string why;
  if (!compiled->CheckRewriteString(re2::StringPiece(with.data(), with.size()), &why)) {
    return config_error(in_quotes(with) + " cannot replace a match: " + why,
                        R"(\1 is the first group of the expression, \0 the match, \\ a backslash)");
  }
  edit.regex_ = std::move(compiled);
  edit.with_ = with;
  return edit;
}

Result<std::string> RegexEdit::apply(std::string_view text, std::size_t most) const {
  const re2::StringPiece whole(text.data(), text.size());
  std::array<re2::StringPiece, kMostGroups> groups;
  const int used = 1 + RE2::MaxSubmatch(with_);
  std::string result;
  std::size_t at = 0;
  std::size_t matches = 0;
  while (at <= text.size() &&
         regex_->Match(whole, at, text.size(), RE2::UNANCHORED, groups.data(), used)) {
    if (++matches > kMostMatches) {
      return config_error("the expression has more than " + std::to_string(kMostMatches) +
                          " matches in the body");
    }
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    result += text.substr(at, begin - at);
    if (!regex_->Rewrite(&result, with_, groups.data(), used)) break;
    at = begin + groups[0].size();
    // An empty match makes no progress, so the next character passes.
    if (groups[0].empty() && at < text.size()) {
      const auto next = text.substr(at, character_size(text.substr(at)));
      result += next;
      at += next.size();
    } else if (groups[0].empty()) {
      ++at;
    }
    if (result.size() > most) break;
  }
  if (matches == 0) return config_error("the expression has no match in the body");
  if (at < text.size()) result += text.substr(at);
  if (result.size() > most)
    return config_error("the result has more than " + std::to_string(most) + " bytes");
  return result;
}

}  // namespace brownout::rules
