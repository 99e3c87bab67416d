#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(Delay, TheRequestOrTheResponseWaits) {
  HttpLab lab("[[rule]]\nfault = { type = \"delay\", delay = \"300ms\" }");
  EXPECT_EQ(lab.get("/"), "+300ms 200 hello");
  EXPECT_EQ(lab.notes(), "delay\n");
  HttpLab response(R"([[rule]]
fault = { type = "delay", delay = "300ms", before = "response" })");
  response.client("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(response.to_server_bytes(), "");
  EXPECT_EQ(response.to_client_bytes(), "");
  response.advance(300ms);
  EXPECT_THAT(response.to_client_bytes(), testing::EndsWith("hello"));
}

TEST(Delay, DelaysOfSeveralRulesAddUp) {
  HttpLab lab(R"([[rule]]
fault = { type = "delay", delay = "1s" }
[[rule]]
fault = { type = "delay", delay = "2s", before = "response" }
[[rule]]
match = { path = "/no" }
fault = { type = "abort" })");
  EXPECT_EQ(lab.get("/"), "+3s 200 hello");
  // A response that a rule creates does not pass through earlier rules again.
  EXPECT_EQ(lab.get("/no"), "+1s 503");
}

TEST(Delay, JitterVariesAndARampScalesTheDelay) {
  HttpLab lab(R"([[rule]]
fault = { type = "delay", delay = "1s", jitter = "1s" })");
  std::set<std::string> answers;
  for (int i = 0; i < 20; ++i) answers.insert(lab.get("/"));
  EXPECT_GT(answers.size(), 15U);
  HttpLab ramp("[[rule]]\nramp = \"100m\"\nfault = { type = \"delay\", delay = \"100s\" }");
  ramp.advance(50min);
  EXPECT_EQ(ramp.get("/"), "+50s 200 hello");
}

TEST(Delay, AStatusSelectsTheResponsesThatWait) {
  HttpLab lab(R"([[rule]]
match = { status = "5xx" }
fault = { type = "delay", delay = "1s", before = "response" })");
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reply = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "+1s 502");
  EXPECT_EQ(lab.state().matched, 1U);
}

TEST(Delay, TheDnsAnswerWaits) {
  DnsLab lab("[[rule]]\nfault = { type = \"delay\", delay = \"300ms\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "+300ms NOERROR 2001:db8::1/60");
}

}  // namespace
}  // namespace brownout::test
