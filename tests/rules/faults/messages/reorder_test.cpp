#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

// As with netem's `delay 10ms reorder 100% gap 3`, every third datagram leaves at once and the
// others are delayed.
TEST(Reorder, EveryNthDatagramOvertakesTheOthers) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", gap = 3, delay = \"10ms\" }");
  for (const auto* datagram : {"1", "2", "3", "4"}) world.at(0s).send(datagram);
  world.run();
  EXPECT_EQ(world.log(), "0s 3\n10ms 1\n10ms 2\n10ms 4\n");
  EXPECT_EQ(world.notes(), "overtake 0s 1 bytes #2\n");
}

TEST(Reorder, CandidatesOvertakeInTheConfiguredShare) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"25%\", delay = \"5ms\" }");
  for (int i = 0; i < 4000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  ASSERT_EQ(world.left().size(), 4000U);
  int overtook = 0;
  for (const auto& output : world.left())
    overtook += output.at == Instant(std::stoi(output.what) * 1ms);
  EXPECT_NEAR(overtook, 1000, 90);
}

TEST(Reorder, NothingIsLostWhenTheRuleEnds) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"1%\", delay = \"1h\" }");
  world.at(0s).send("a").send("b").at(1s).reload("").run(2s);
  EXPECT_EQ(world.log(), "1s a\n1s b\n");
}

// When the third datagram of a window arrives, all three leave in random order.
TEST(Reorder, AFullWindowLeavesInRandomOrder) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 3, delay = \"1s\" }");
  for (int i = 0; i < 6000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  ASSERT_EQ(world.left().size(), 6000U);
  std::array<int, 3> first{};
  for (std::size_t i = 0; i < 6000; i += 3) {
    std::set<int> window;
    for (std::size_t j = i; j < i + 3; ++j) {
      EXPECT_EQ(world.left()[j].at, Instant((i + 2) * 1ms));
      window.insert(std::stoi(world.left()[j].what) - static_cast<int>(i));
    }
    ASSERT_EQ(window, (std::set<int>{0, 1, 2}));
    ++first[static_cast<std::size_t>(std::stoi(world.left()[i].what)) - i];
  }
  // Each of the three datagrams is the first in a third of the 2000 windows. The tolerance is three
  // standard deviations.
  for (const auto count : first) EXPECT_NEAR(count, 667, 64);
}

TEST(Reorder, AWindowThatDoesNotFillLeavesAfterTheDelay) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 100, delay = \"20ms\" }");
  for (int i = 0; i < 8; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  ASSERT_EQ(world.left().size(), 8U);
  std::string order;
  for (const auto& output : world.left()) {
    EXPECT_EQ(output.at, Instant(20ms));
    order += output.what;
  }
  EXPECT_NE(order, "01234567");
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, "01234567");
}

TEST(Reorder, AWindowGathersTheConfiguredShare) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"50%\", window = 2, delay = \"1h\" }");
  for (int i = 0; i < 4000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  int at_once = 0;
  for (const auto& output : world.left())
    at_once += output.at == Instant(std::stoi(output.what) * 1ms);
  // Half of the datagrams leave on arrival. The other half is delayed in windows of two, and the
  // second of each window leaves on arrival, too.
  EXPECT_NEAR(at_once, 3000, 140);
}

TEST(Reorder, AWindowLosesNothingWhenTheRuleEnds) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 9, delay = \"1h\" }");
  world.at(0s).send("a").send("b").send("c").at(1s).reload("").run(2s);
  EXPECT_EQ(world.log(), "1s a\n1s b\n1s c\n");
}

// A group of one is late, though its order cannot change.
TEST(Reorder, EachGroupIsAnEvent) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 9, delay = \"1s\" }");
  world.at(0s).send("a").at(5s).send("b");
  world.run();
  EXPECT_EQ(world.notes(), "shuffle 0s 1 bytes #0\nshuffle 0s 1 bytes #1\n");
}

TEST(Reorder, GapAndWindowExcludeEachOther) {
  EXPECT_EQ(
      first_problem_of("[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 2, "
                       "gap = 3, delay = \"1s\" }",
                       "udp"),
      "gap has no effect with window");
}

TEST(Reorder, SomeHttpRequestsAndDnsAnswersLeaveAtOnce) {
  const std::string rule =
      "[[rule]]\nfault = { type = \"reorder\", share = \"25%\", delay = \"1s\" }";
  HttpLab lab(rule);
  EXPECT_NEAR(lab.count(400, "/", "200 hello"), 100, 30);
  DnsLab dns(rule);
  EXPECT_NEAR(dns.count(400, "x.example.org", "+1s NOERROR"), 300, 30);
}

// The answers to a client form one sequence, even over several sockets.
TEST(Reorder, AWindowGathersTheDnsAnswersOfOneClient) {
  const std::string rule =
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 3, delay = \"5s\" }";
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    DnsLab lab(rule, seed);
    EXPECT_EQ(lab.ask("a"), "(held)");
    EXPECT_EQ(lab.ask("other", {.client = "10.9.9.9"}), "(held)");
    EXPECT_EQ(lab.ask("b"), "(held)");
    // The last answer leaves at once if the random order puts it first.
    const auto last = lab.ask("c");
    auto order = last == "(held)" ? std::string() : "c ";
    order += lab.left();
    orders.insert(order);
    EXPECT_EQ(order.size(), 5U) << order;
    EXPECT_EQ(lab.left(std::chrono::seconds(5)), "other") << "its window did not fill";
    EXPECT_EQ(lab.left(std::chrono::hours(1)), "");
  }
  EXPECT_EQ(orders.size(), 6U) << "each order, in forty windows";
}

TEST(Reorder, AWindowGathersTheHttpRequestsOfOneClient) {
  HttpLab first(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 2, delay = \"5s\" }");
  HttpLab second(first);
  first.client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.to_server_bytes(), "");
  second.client("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  first.advance({});
  second.advance({});
  EXPECT_THAT(first.to_server_bytes(), testing::StartsWith("GET /1 "));
  EXPECT_THAT(second.to_server_bytes(), testing::StartsWith("GET /2 "));
  // A single request leaves after the delay.
  EXPECT_EQ(first.get("/3"), "+5s 200 hello");
}

}  // namespace
}  // namespace brownout::test
