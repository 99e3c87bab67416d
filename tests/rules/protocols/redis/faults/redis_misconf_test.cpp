#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisMisconf, RefusesWritesAndPing) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_misconf\" }");
  for (const auto* command : {"SET a 1", "DEL a", "PING"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client().substr(0, 50), "-MISCONF Redis is configured to save RDB snapshots")
        << command;
  }
  for (const auto* command : {"GET a", "INFO"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
