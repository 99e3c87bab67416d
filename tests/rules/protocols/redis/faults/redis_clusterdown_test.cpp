#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisClusterdown, RefusesCommandsWithKeys) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_clusterdown\" }");
  for (const auto* command : {"GET a", "MSET a 1"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-CLUSTERDOWN The cluster is down\r\n") << command;
  }
  for (const auto* command : {"PING", "CLUSTER SLOTS"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
