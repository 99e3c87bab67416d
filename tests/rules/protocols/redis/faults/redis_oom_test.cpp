#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisOom, RefusesCommandsThatNeedMemory) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_oom\" }");
  for (const auto* command : {"SET a 1", "LPUSH a 1"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-OOM command not allowed when used memory > 'maxmemory'.\r\n")
        << command;
  }
  for (const auto* command : {"GET a", "DEL a"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
