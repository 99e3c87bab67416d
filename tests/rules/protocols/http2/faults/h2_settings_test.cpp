// Tests h2_settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(H2Settings, LimitTheStreamsOfTheClient) {
  H2ClientLab lab("[[rule]]\nfault = { type = \"h2_settings\", max_concurrent_streams = 1 }\n");
  lab.reply.reset();
  lab.get("/");
  EXPECT_EQ(lab.client.peer_streams, 1U);
  EXPECT_FALSE(lab.client.session.accepts_request());
  lab.reload("");
  EXPECT_EQ(lab.client.peer_streams, 256U);
  EXPECT_TRUE(lab.client.session.accepts_request());
}

TEST(H2Settings, NeedASetting) {
  EXPECT_THAT(first_problem_of("[[rule]]\nfault = { type = \"h2_settings\" }\n", "http"),
              testing::HasSubstr("h2_settings has no setting"));
}

}  // namespace
}  // namespace brownout::test
