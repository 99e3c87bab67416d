// Tests h2_ping_loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(H2PingLoss, LeavesPingsWithoutAnAnswerWhileItActs) {
  H2ClientLab lab("[[rule]]\nfault = { type = \"h2_ping_loss\" }\n");
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 hello\nend 1\n");
  lab.client_bytes(h2_frame(kPing, 0, 0, "12345678"));
  EXPECT_EQ(lab.acks(), 0U);
  lab.reload("");
  EXPECT_EQ(lab.acks(), 1U);
  EXPECT_EQ(lab.notes, "hold PING\n");
  EXPECT_EQ(lab.matched(), 1U);
}

TEST(H2PingLoss, CannotMatchRequests) {
  EXPECT_THAT(
      first_problem_of("[[rule]]\nmatch = { path = \"/\" }\nfault = { type = \"h2_ping_loss\" }\n",
                       "http"),
      testing::HasSubstr("acts on the whole HTTP/2 connection, so it cannot match requests"));
}

}  // namespace
}  // namespace brownout::test
