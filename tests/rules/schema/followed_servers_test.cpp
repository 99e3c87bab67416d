// Tests which ports the servers get that a protocol announces.
#include "rules/schema/followed_servers.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

AnnouncedServer server(int number) {
  return {{"10.0.0." + std::to_string(number), 9092, ""}, number};
}

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

TEST(FollowedServers, TellsOnceOfAServerThatIsLeftOut) {
  const auto followed = FollowedServers::make("a", {100, 100});
  announced(followed, 1);
  EXPECT_EQ(announced(followed, 2), "");
  EXPECT_TRUE(followed.first_left_out(server(2).address));
  EXPECT_FALSE(followed.first_left_out(server(2).address));
  EXPECT_TRUE(followed.first_left_out(server(3).address));
}

TEST(FollowedServers, KeepsItsServersWhenThePortsChange) {
  const auto before = FollowedServers::make("a", {100, 101});
  for (const int number : {1, 2}) announced(before, number);
  auto more = FollowedServers::make("b", {200, 202});
  more.take_over(before);
  EXPECT_EQ(more.server_at(201), server(2));
  EXPECT_EQ(announced(more, 3), "b:202");
  EXPECT_EQ(announced(more, 1), "b:200");
  auto fewer = FollowedServers::make("b", {300, 300});
  fewer.take_over(before);
  EXPECT_EQ(fewer.server_at(300), server(1));
  EXPECT_EQ(announced(before, 2), "a:101");
}

TEST(FollowedServers, ServersHaveNamesInPlaceOfPorts) {
  const auto followed =
      FollowedServers::make(*ServerNames::parse("Broker.{node}.kafka.test"), 9093);
  EXPECT_EQ(announced(followed, 12), "broker.12.kafka.test:9093");
  EXPECT_FALSE(followed.owns(9093));
  EXPECT_EQ(followed.node_of("BROKER.12.kafka.test."), 12);
  EXPECT_EQ(followed.server_of(12), server(12));
  EXPECT_EQ(followed.node_of("broker.7.kafka.test"), 7);
  EXPECT_EQ(followed.server_of(7), std::nullopt);
  for (const auto* other : {"kafka.test", "broker..kafka.test", "broker.012.kafka.test",
                            "broker.-1.kafka.test", "broker.1x.kafka.test", ""}) {
    EXPECT_EQ(followed.node_of(other), std::nullopt) << other;
  }
  EXPECT_EQ(followed.announce({server(1).address}), std::nullopt);
}

// A broker that comes back at another address keeps its name.
TEST(FollowedServers, AServerWithANameMayMove) {
  const auto followed = FollowedServers::make(*ServerNames::parse("b{node}"), 1);
  announced(followed, 1);
  const AnnouncedServer moved{{"10.9.9.9", 1, ""}, 1};
  followed.announce(moved);
  EXPECT_EQ(followed.server_of(1), moved);
}

TEST(ServerNames, NeedTheIdOnce) {
  EXPECT_FALSE(ServerNames::parse("broker.kafka.test"));
  EXPECT_FALSE(ServerNames::parse("{node}.{node}.test"));
}

}  // namespace
}  // namespace brownout::rules
