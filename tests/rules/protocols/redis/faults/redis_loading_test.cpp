#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisLoading, ServesOnlyCommandsThatNeedNoData) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_loading\" }");
  for (const auto* command : {"GET a", "SET a 1", "PING"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-LOADING Redis is loading the dataset in memory\r\n") << command;
  }
  for (const auto* command : {"INFO", "SELECT 1", "AUTH x", "SUBSCRIBE a"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
