// Tests which ports the servers get that a protocol announces.
#include "rules/schema/followed_servers.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

Endpoint server(int number) { return {"10.0.0." + std::to_string(number), 9092, ""}; }

std::string announced(const FollowedServers& followed, int number) {
  const auto address = followed.announce(server(number));
  return address ? to_text(*address) : "";
}

TEST(FollowedServers, EachServerGetsAPortOfItsOwn) {
  const auto followed = FollowedServers::make("proxy.test", {100, 102});
  const auto copy = followed;
  EXPECT_EQ(announced(followed, 1), "proxy.test:100");
  EXPECT_EQ(announced(copy, 2), "proxy.test:101");
  EXPECT_EQ(announced(followed, 1), "proxy.test:100");
  EXPECT_EQ(copy.server_at(100), server(1));
  EXPECT_EQ(followed.server_at(101), server(2));
  EXPECT_EQ(followed.server_at(102), std::nullopt);
  EXPECT_EQ(followed.server_at(99), std::nullopt);
}

TEST(FollowedServers, AServerThatIsNoLongerAnnouncedGivesUpItsPort) {
  const auto followed = FollowedServers::make("a", {100, 101});
  for (const int number : {1, 2}) announced(followed, number);
  EXPECT_EQ(announced(followed, 1), "a:100");
  EXPECT_EQ(announced(followed, 3), "");
  EXPECT_EQ(announced(followed, 1), "a:100");
  EXPECT_EQ(announced(followed, 3), "a:101");
  EXPECT_EQ(followed.server_at(101), server(3));
  EXPECT_EQ(followed.server_at(100), server(1));
}

TEST(FollowedServers, ServersKeepTheirPortsIfThereAreTooFew) {
  const auto followed = FollowedServers::make("a", {100, 101});
  for (int response = 0; response < 3; ++response) {
    EXPECT_EQ(announced(followed, 1), "a:100");
    EXPECT_EQ(announced(followed, 2), "a:101");
    EXPECT_EQ(announced(followed, 3), "");
  }
}

}  // namespace
}  // namespace brownout::rules
