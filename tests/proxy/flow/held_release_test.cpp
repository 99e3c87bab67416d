// Tests that data which a rule gives back does not keep the worker from serving others.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"
#include "tests/support/udp_world.h"

namespace brownout::test {
namespace {

std::size_t held_in(ProxyWorld& world) {
  return world.on_control([&] { return world.engine().held_bytes(); });
}

TEST(HeldRelease, ChunksOfAStreamLeaveInSeveralIterations) {
  const std::string slices =
      "[[rule]]\nmatch = { direction = \"upstream\" }\n"
      "fault = { type = \"slicer\", size = \"1 B\" }\n";
  ProxyWorld world(slices +
                   "[[rule]]\nmatch = { direction = \"upstream\" }\n"
                   "fault = { type = \"latency\", delay = \"1h\" }\n");
  constexpr std::size_t kBytes = 100'000;
  std::string bytes(kBytes, 'x');
  for (std::size_t i = 0; i < kBytes; ++i) bytes[i] = static_cast<char>('a' + i % 26);
  const auto client = world.connect();
  send_all(client, bytes);
  ASSERT_TRUE(world.holds(rules::Direction::kUpstream, kBytes));
  world.reload("");
  EXPECT_GT(held_in(world), kBytes / 2);
  EXPECT_GE(round_trip(world.connect(), "other"), std::chrono::nanoseconds(0));
  EXPECT_EQ(receive(client, kBytes).bytes, bytes);
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 0));
}

TEST(HeldRelease, DatagramsLeaveInSeveralIterationsSoThatOtherSessionsAreServed) {
  UdpWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\n"
      "fault = { type = \"latency\", delay = \"1h\" }");
  constexpr std::size_t kCount = 20'000;
  for (std::size_t sent = 0; sent < kCount; ++sent) {
    send_all(world.client, "x");
    // The worker must keep up, so that its socket loses nothing.
    if (sent % 200 != 199) continue;
    ASSERT_TRUE(world.proxy.holds(rules::Direction::kUpstream, sent + 1));
  }
  world.proxy.reload("");
  EXPECT_GT(held_in(world.proxy), kCount / 2);
  const auto other = world.connect();
  send_all(other, "other");
  EXPECT_EQ(receive(other, 5).bytes, "other");
  EXPECT_TRUE(world.proxy.holds(rules::Direction::kUpstream, 0));
  const auto passed = world.proxy.on_control([&] {
    return world.proxy.engine().listeners().front().view->stats->bytes(rules::Direction::kUpstream);
  });
  EXPECT_EQ(passed, kCount + 5);
}

}  // namespace
}  // namespace brownout::test
