// Tests h2_header_late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(H2HeaderLate, DelaysTheHeadersWhileOtherStreamsGoOn) {
  H2ClientLab lab(
      "[[rule]]\nmatch = { path = \"/late\" }\n"
      "fault = { type = \"h2_header_late\", delay = \"3s\" }\n");
  lab.get("/late");
  EXPECT_EQ(lab.asked[1], "GET /late HTTP/1.1\r\nhost: a.example\r\n\r\n");
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 3 200\ndata 3 hello\nend 3\n");
  lab.advance(1min);
  EXPECT_EQ(lab.seen(), "+3s\nhead 1 200\ndata 1 hello\nend 1\n");
}

}  // namespace
}  // namespace brownout::test
