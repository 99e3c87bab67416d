// TokenUsage finds the number of tokens that a language model reports in its response: in the
// object `usage` of a JSON body, or in the events of a stream.
//
// The names are those of OpenAI (prompt_tokens, completion_tokens, total_tokens), Anthropic
// (input_tokens, output_tokens), Gemini (promptTokenCount, candidatesTokenCount, totalTokenCount)
// and Ollama (prompt_eval_count, eval_count). A later number of the same name replaces an earlier
// one, since the numbers in a stream are cumulative (Anthropic, Streaming messages, message_delta).
// Takes the body in pieces of any size, in constant memory. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brownout::rules {

class TokenUsage {
 public:
  void read(std::string_view part);

  // Return the numbers in the body so far; no value if it has none. If the body has no total,
  // total() is the sum of input and output.
  std::optional<std::int64_t> total() const;
  std::optional<std::int64_t> output() const { return output_; }

 private:
  // The part of `"name": 123` to which the next byte belongs. kText is all else.
  enum class Place { kText, kName, kEscaped, kBehindName, kBeforeNumber, kNumber };

  void take(char c);
  void note();

  Place place_ = Place::kText;
  std::string name_;  // the last string, cut at a length that exceeds every known name
  std::int64_t number_ = 0;
  std::optional<std::int64_t> input_;
  std::optional<std::int64_t> output_;
  std::optional<std::int64_t> total_;
};

}  // namespace brownout::rules
