#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(StallMidBody, StallsForTheDuration) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "stall_mid_body", after = "2 B", duration = "30s" })");
  EXPECT_EQ(lab.get("/"), "200 hello in 30s");
}

TEST(StallMidBody, WithoutADurationStallsUntilTheRuleIsRemoved) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "stall_mid_body", after = "2 B" })");
  EXPECT_EQ(lab.get("/"), "200 he (stalled)");
  lab.reload("");
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("hello"));
}

}  // namespace
}  // namespace brownout::test
