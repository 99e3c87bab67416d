// Tests trailers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

const std::string kReply =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: 1\r\nB: 2\r\n\r\n";

std::string trailers_rule(const std::string& keys) {
  return "[[rule]]\nfault = { type = \"trailers\"" + keys + " }\n";
}

TEST(Trailers, AreDropped) {
  H2ClientLab lab(trailers_rule(", drop = true"));
  lab.reply = kReply;
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 ok\nend 1\n");
}

TEST(Trailers, AreChanged) {
  H2ClientLab lab(trailers_rule(", set = { b = \"3\", c = \"4\" }"));
  lab.reply = kReply;
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 ok\nend 1 [a: 1][b: 3][c: 4]\n");
}

TEST(Trailers, AreChangedForClientsOfHttp1) {
  HttpLab lab(trailers_rule(", drop = true, set = { x = \"y\" }"));
  lab.reply = kReply;
  lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("2\r\nok\r\n0\r\nx: y\r\n\r\n"));
}

TEST(Trailers, NeedsSomethingToChange) {
  EXPECT_THAT(first_problem_of(trailers_rule(""), "http"),
              testing::HasSubstr("the fault \"trailers\" changes nothing"));
}

}  // namespace
}  // namespace brownout::test
