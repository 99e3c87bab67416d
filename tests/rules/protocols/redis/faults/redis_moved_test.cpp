#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisMoved, RedirectsCommandsWithKeys) {
  MessageLab lab("redis",
                 "[[rule]]\nfault = { type = \"redis_moved\", address = \"127.0.0.1:7001\" }");
  for (const auto* command : {"GET somekey", "MSET somekey 1"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-MOVED 11058 127.0.0.1:7001\r\n") << command;
  }
  for (const auto* command : {"PING", "CLUSTER SLOTS"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

TEST(RedisMoved, WritesIpv6AddressesWithoutBrackets) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_moved\", address = \"[::1]:7001\" }");
  lab.from_client(redis_array_of("GET somekey"));
  EXPECT_EQ(lab.at_client(), "-MOVED 11058 ::1:7001\r\n");
}

TEST(RedisMoved, RejectsAUnixSocketAsAddress) {
  const auto config = rules::load_toml(R"(version = 1
[[upstream]]
name = "redis"
servers = ["127.0.0.1:6379"]
[[listener]]
name = "redis"
protocol = "redis"
listen = "127.0.0.1:6380"
upstream = "redis"
[[rule]]
fault = { type = "redis_moved", address = "unix:/run/redis.sock" })");
  EXPECT_FALSE(config);
}

}  // namespace
}  // namespace brownout::test
