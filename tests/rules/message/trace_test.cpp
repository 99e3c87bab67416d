// Tests tell_trace(), which reads the trace of a request or message from its headers.
#include "rules/message/trace.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace brownout::test {
namespace {

std::string trace_of(const std::map<std::string, std::string, std::less<>>& headers) {
  std::string told;
  rules::tell_trace(
      [&](std::string_view name) -> std::optional<std::string_view> {
        const auto found = headers.find(name);
        return found != headers.end() ? std::optional<std::string_view>(found->second)
                                      : std::nullopt;
      },
      [&](std::string_view name, std::string_view value) {
        told += std::string(name) + "=" + std::string(value) + " ";
      });
  return told;
}

TEST(Trace, OfW3cAndOfZipkin) {
  EXPECT_EQ(trace_of({}), "");
  EXPECT_EQ(trace_of({{"traceparent", "00-a-b-01"}, {"b3", "0"}}), "traceparent=00-a-b-01 b3=0 ");
}

TEST(Trace, SeparateHeadersOfB3BecomeOne) {
  EXPECT_EQ(trace_of({{"x-b3-traceid", "a"}, {"x-b3-spanid", "b"}}), "b3=a-b ");
  EXPECT_EQ(trace_of({{"x-b3-traceid", "a"}, {"x-b3-spanid", "b"}, {"x-b3-sampled", "1"}}),
            "b3=a-b-1 ");
  EXPECT_EQ(trace_of({{"x-b3-traceid", "a"}}), "");
}

TEST(Trace, LongerThanATraceIsNone) {
  EXPECT_EQ(trace_of({{"traceparent", std::string(129, 'a')}}), "");
}

}  // namespace
}  // namespace brownout::test
