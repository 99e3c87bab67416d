// Tests h2_goaway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

std::string goaway_rule(const std::string& keys) {
  return "[[rule]]\nmatch = { path = \"/go\" }\nfault = { type = \"h2_goaway\"" + keys + " }\n";
}

TEST(H2Goaway, ServesTheRequestsUpToTheLastStream) {
  H2ClientLab lab(goaway_rule(""));
  lab.get("/");
  lab.get("/go");
  EXPECT_EQ(lab.seen(),
            "head 1 200\ndata 1 hello\nend 1\ngoaway 3 0\nhead 3 200\ndata 3 hello\n"
            "end 3\n");
  EXPECT_TRUE(lab.connection().over());
  EXPECT_FALSE(lab.client.session.accepts_request());
}

TEST(H2Goaway, WithZeroNoRequestWasServed) {
  H2ClientLab lab(goaway_rule(", last_stream_id = \"zero\", code = \"ENHANCE_YOUR_CALM\""));
  lab.get("/go");
  EXPECT_THAT(lab.seen(), testing::HasSubstr("goaway 0 11\n"));
  EXPECT_EQ(lab.asked.count(1), 0U);
}

TEST(H2Goaway, ClosesTheConnectionAfterATime) {
  H2ClientLab lab(goaway_rule(", close_after = \"2s\"") +
                  "[[rule]]\nfault = { type = \"delay\", delay = \"1h\" }\n");
  lab.get("/go");
  lab.advance(1s);
  EXPECT_FALSE(lab.connection().over());
  lab.advance(1s);
  EXPECT_TRUE(lab.connection().over());
}

TEST(H2Goaway, LeavesClientsOfHttp1Alone) {
  HttpLab lab(goaway_rule(""));
  EXPECT_EQ(lab.get("/go"), "200 hello");
  EXPECT_EQ(lab.notes(), "");
}

}  // namespace
}  // namespace brownout::test
