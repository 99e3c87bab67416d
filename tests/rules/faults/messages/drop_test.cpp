#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(Drop, EverythingVanishes) {
  auto world = VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"drop\" }");
  world.at(0s).send("one").send("two").run();
  EXPECT_EQ(world.log(), "");
  EXPECT_EQ(world.state().injected, 2U);
}

TEST(Drop, ProbabilityLimitsTheLossToAShare) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nprobability = \"10%\"\nper = \"chunk\"\nfault = { type = \"drop\" }");
  for (int i = 0; i < 10'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 9000, 100);
}

TEST(Drop, IsForDatagramsOnly) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"drop\" }"),
            "a stream cannot have the fault \"drop\"");
}

TEST(Drop, AnHttpRequestOrItsResponseIsLost) {
  HttpLab lab("[[rule]]\nmatch = { path = \"/pay\" }\nfault = { type = \"drop\" }");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.get("/pay"), "(silence)");
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(testing::HasSubstr("/pay")));
  HttpLab response(R"([[rule]]
match = { direction = "downstream", status = "2xx" }
fault = { type = "drop" })");
  EXPECT_EQ(response.get("/pay"), "(silence)");
  EXPECT_THAT(response.to_server_bytes(), testing::HasSubstr("/pay"));
  EXPECT_EQ(response.notes(), "drop\n");
}

TEST(Drop, OnWebSocketListenersOnlyPerRequestDropsRequests) {
  const std::string drop = "fault = { type = \"drop\" }";
  EXPECT_EQ(HttpLab("[[rule]]\n" + drop, 1, "websocket").get("/"), "200 hello");
  EXPECT_EQ(HttpLab("[[rule]]\nper = \"request\"\n" + drop, 1, "websocket").get("/"), "(silence)");
}

TEST(Drop, ADnsQueryOrItsAnswerIsLost) {
  DnsLab lab("[[rule]]\nmatch = { qtype = \"AAAA\" }\nfault = { type = \"drop\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "(silence)");
  EXPECT_NE(lab.ask("chat.example.org"), "(silence)");
  DnsLab answer("[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"drop\" }");
  EXPECT_EQ(answer.ask("chat.example.org"), "(lost)");
  EXPECT_EQ(answer.notes(), "drop\n");
}

TEST(Drop, ProbabilityAppliesToRequestsAndQueries) {
  const std::string rule =
      "[[rule]]\nprobability = \"30%\"\nper = \"message\"\n"
      "fault = { type = \"drop\" }";
  HttpLab lab(rule);
  int lost = 0;
  for (int i = 0; i < 2000; ++i) {
    lost += lab.get("/") == "(silence)";
    lab.reconnect();
  }
  EXPECT_NEAR(lost, 600, 80);
  EXPECT_NEAR(DnsLab(rule).count(5000, "chat.example.org", "(silence)"), 1500, 130);
}

}  // namespace
}  // namespace brownout::test
