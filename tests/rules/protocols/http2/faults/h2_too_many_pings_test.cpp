// Tests h2_too_many_pings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(H2TooManyPings, EndsTheConnectionAfterAFewPings) {
  H2ClientLab lab("[[rule]]\nfault = { type = \"h2_too_many_pings\", after = 1 }\n");
  lab.get("/");
  lab.seen();
  lab.client_bytes(h2_frame(kPing, 0, 0, "12345678"));
  EXPECT_FALSE(lab.connection().over());
  lab.client_bytes(h2_frame(kPing, 0, 0, "12345678"));
  EXPECT_THAT(lab.seen(), testing::HasSubstr("goaway 2147483647 11"));
  EXPECT_EQ(lab.acks(), 1U);
  lab.advance(1ms);
  EXPECT_TRUE(lab.connection().over());
}

}  // namespace
}  // namespace brownout::test
