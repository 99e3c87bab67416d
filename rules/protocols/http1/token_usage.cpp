#include "rules/protocols/http1/token_usage.h"

#include <algorithm>
#include <array>

namespace brownout::rules {
namespace {

constexpr std::array<std::string_view, 4> kInputNames{"prompt_tokens", "input_tokens",
                                                      "promptTokenCount", "prompt_eval_count"};
constexpr std::array<std::string_view, 4> kOutputNames{"completion_tokens", "output_tokens",
                                                       "candidatesTokenCount", "eval_count"};
constexpr std::array<std::string_view, 2> kTotalNames{"total_tokens", "totalTokenCount"};
constexpr std::size_t kMostName = 24;
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

bool is_space(char c) { return c == ' ' || c == '\t'; }

template <class Names>
bool names_have(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void TokenUsage::read(std::string_view part) {
  for (const char c : part) take(c);
}

void TokenUsage::take(char c) {
  const bool digit = c >= '0' && c <= '9';
  switch (place_) {
    case Place::kEscaped:
      place_ = Place::kName;
      return;
    case Place::kName:
      // A line break ends the search for a closing quote, since JSON strings contain none. So a
      // single quote in other text does no harm.
      if (c == '"' || c == '\n') place_ = c == '"' ? Place::kBehindName : Place::kText;
      if (c == '\\') place_ = Place::kEscaped;
      if (name_.size() <= kMostName) name_ += c;
      return;
    case Place::kBehindName:
      if (is_space(c)) return;
      place_ = c == ':' ? Place::kBeforeNumber : Place::kText;
      break;
    case Place::kBeforeNumber:
      if (is_space(c)) return;
      if (digit) {
        number_ = c - '0';
        place_ = Place::kNumber;
        return;
      }
      place_ = Place::kText;
      break;
    case Place::kNumber:
      if (digit) {
        number_ = std::min(number_ * 10 + (c - '0'), kMostTokens);
        return;
      }
      note();
      place_ = Place::kText;
      break;
    case Place::kText:
      break;
  }
  if (c != '"' || place_ != Place::kText) return;
  place_ = Place::kName;
  name_.clear();
}

void TokenUsage::note() {
  name_.pop_back();  // the quote
  if (names_have(kInputNames, name_)) input_ = number_;
  if (names_have(kOutputNames, name_)) output_ = number_;
  if (names_have(kTotalNames, name_)) total_ = number_;
}

std::optional<std::int64_t> TokenUsage::total() const {
  if (total_) return total_;
  if (!input_ && !output_) return std::nullopt;
  return input_.value_or(0) + output_.value_or(0);
}

}  // namespace brownout::rules
