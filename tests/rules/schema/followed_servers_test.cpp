// Tests which ports the servers get that a protocol announces.
#include "rules/schema/followed_servers.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

Endpoint server(int number) { return {"10.0.0." + std::to_string(number), 9092, ""}; }

TEST(FollowedServers, EachServerGetsAPortOfItsOwn) {
  const auto followed = FollowedServers::make("proxy.test", {100, 102});
  const auto copy = followed;
  EXPECT_EQ(to_text(followed.announce(server(1))), "proxy.test:100");
  EXPECT_EQ(to_text(copy.announce(server(2))), "proxy.test:101");
  EXPECT_EQ(to_text(followed.announce(server(1))), "proxy.test:100");
  EXPECT_EQ(copy.server_at(100), server(1));
  EXPECT_EQ(followed.server_at(101), server(2));
  EXPECT_EQ(followed.server_at(102), std::nullopt);
  EXPECT_EQ(followed.server_at(99), std::nullopt);
}

TEST(FollowedServers, AServerThatWasNotAnnouncedForLongestGivesUpItsPort) {
  const auto followed = FollowedServers::make("a", {100, 101});
  for (const int number : {1, 2, 1}) followed.announce(server(number));
  EXPECT_EQ(followed.announce(server(3)).port, 101);
  EXPECT_EQ(followed.server_at(101), server(3));
  EXPECT_EQ(followed.server_at(100), server(1));
}

}  // namespace
}  // namespace brownout::rules
