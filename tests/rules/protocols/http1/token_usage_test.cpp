#include "rules/protocols/http1/token_usage.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using rules::TokenUsage;

// Reads the body in pieces of each size from one byte. Returns the total and the output as text.
std::string usage_of(std::string_view body) {
  std::string all;
  for (std::size_t size = 1; size <= body.size(); ++size) {
    TokenUsage usage;
    for (std::size_t at = 0; at < body.size(); at += size) usage.read(body.substr(at, size));
    usage.read("\n");
    const auto text = [](const auto& value) { return value ? std::to_string(*value) : "-"; };
    const auto found = text(usage.total()) + " " + text(usage.output());
    if (all.empty()) all = found;
    if (all != found) return "depends on the pieces: " + all + ", " + found;
  }
  return all;
}

TEST(TokenUsage, ReadsTheUsageOfEachProvider) {
  EXPECT_EQ(usage_of(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,)"
                     R"("total_tokens":21,"completion_tokens_details":{"reasoning_tokens":7}}})"),
            "21 12");
  EXPECT_EQ(usage_of("{\"usage\": {\"input_tokens\": 5, \"output_tokens\" :\t7}}"), "12 7");
  EXPECT_EQ(usage_of(R"({"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":6,)"
                     R"("totalTokenCount":11}})"),
            "11 6");
  EXPECT_EQ(usage_of(R"({"done":true,"prompt_eval_count":26,"eval_count":298})"), "324 298");
}

TEST(TokenUsage, ALaterFigureOfAStreamReplacesTheOneBefore) {
  EXPECT_EQ(usage_of("event: message_start\n"
                     R"(data: {"message":{"usage":{"input_tokens":25,"output_tokens":1}}})"
                     "\n\nevent: message_delta\n"
                     R"(data: {"type":"message_delta","usage":{"output_tokens":15}})"
                     "\n\n"),
            "40 15");
}

TEST(TokenUsage, TheTextOfAnAnswerIsNoUsage) {
  EXPECT_EQ(usage_of(R"({"content":"\"total_tokens\": 9, \\\\\"output_tokens\": 8"})"), "- -");
  EXPECT_EQ(usage_of(R"({"content":"total_tokens","n":3})"), "- -");
  EXPECT_EQ(usage_of(R"({"total_tokens":null,"output_tokens":"7"})"), "- -");
  EXPECT_EQ(usage_of(": a \" in a comment\ndata: {\"total_tokens\":3}\n\n"), "3 -");
  EXPECT_EQ(usage_of(R"({"usage":{"total_tokens":99999999999999999999999}})"), "1000000000000 -");
}

}  // namespace
}  // namespace brownout::test
