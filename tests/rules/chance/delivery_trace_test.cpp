#include "rules/chance/delivery_trace.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

std::string mistake_in_trace(std::string_view text) {
  const auto trace = DeliveryTrace::parse(text);
  return trace ? "" : trace.error().what;
}

TEST(DeliveryTrace, RepeatsAfterItsLastTime) {
  const auto trace = *DeliveryTrace::parse("0\n4\n4\n9\n");
  const std::array expected{0ms, 4ms, 4ms, 9ms, 9ms, 13ms, 13ms, 18ms, 18ms};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(trace.at(i), expected.at(i)) << i;
  EXPECT_EQ(trace.period(), 9ms);
  EXPECT_EQ(trace.at(4 * 1'000'000), 9'000'000ms);
}

TEST(DeliveryTrace, FindsTheFirstOpportunityFromATime) {
  const auto trace = *DeliveryTrace::parse("0\n4\n4\n9\n");
  EXPECT_EQ(trace.first_from(0ms), 0U);
  EXPECT_EQ(trace.first_from(1ns), 1U);
  EXPECT_EQ(trace.first_from(4ms), 1U);
  EXPECT_EQ(trace.first_from(4ms + 1ns), 3U);
  // At 9 ms the first repetition ends, and the second one begins.
  EXPECT_EQ(trace.first_from(9ms), 3U);
  EXPECT_EQ(trace.first_from(9ms + 1ns), 5U);
  EXPECT_EQ(trace.first_from(18ms), 7U);
  EXPECT_EQ(trace.first_from(9'000'004ms), 4'000'001U);
}

TEST(DeliveryTrace, ATraceMayBeginLate) {
  const auto trace = *DeliveryTrace::parse("7\n10");
  EXPECT_EQ(trace.at(2), 17ms);
  EXPECT_EQ(trace.first_from(10ms), 1U);
  EXPECT_EQ(trace.first_from(11ms), 2U);
}

TEST(DeliveryTrace, AnErrorNamesTheLineAndTheWord) {
  EXPECT_EQ(mistake_in_trace("1\r\n\n2 # two\n"), "");
  EXPECT_EQ(mistake_in_trace(""), "the trace has no times");
  EXPECT_EQ(mistake_in_trace("# empty\n"), "the trace has no times");
  EXPECT_EQ(mistake_in_trace("0\n0\n"),
            "the last time of the trace is 0, so the trace has no length");
  EXPECT_EQ(mistake_in_trace("1\nx"), "line 2: \"x\" is not a time in milliseconds");
  EXPECT_EQ(mistake_in_trace("-1"), "line 1: \"-1\" is not a time in milliseconds");
  EXPECT_EQ(mistake_in_trace("1.5"), "line 1: \"1.5\" is not a time in milliseconds");
  EXPECT_EQ(mistake_in_trace("86400000"), "");
  EXPECT_EQ(mistake_in_trace("86400001"), "line 1: \"86400001\" is not a time in milliseconds");
  EXPECT_EQ(mistake_in_trace("1 2"), "line 1: \"2\" is a second word in this line");
  EXPECT_EQ(mistake_in_trace("3\n3\n2"), "line 3: \"2\" is less than the time before it");
}

TEST(DeliveryTrace, HasAtMostAMillionTimes) {
  std::string text;
  for (std::size_t i = 0; i < DeliveryTrace::kMost; ++i) text += "1\n";
  EXPECT_EQ(mistake_in_trace(text), "");
  EXPECT_EQ(mistake_in_trace(text + "1\n"), "line 1000001: the trace has more than 1000000 times");
}

}  // namespace
}  // namespace brownout::rules
