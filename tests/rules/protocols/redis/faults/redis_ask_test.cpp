#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisAsk, RedirectsCommandsWithKeys) {
  MessageLab lab("redis",
                 "[[rule]]\nfault = { type = \"redis_ask\", address = \"127.0.0.1:7001\" }");
  for (const auto* command : {"GET somekey"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-ASK 11058 127.0.0.1:7001\r\n") << command;
  }
  for (const auto* command : {"ASKING", "PING"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
