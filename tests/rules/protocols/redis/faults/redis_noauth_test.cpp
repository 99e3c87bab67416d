#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisNoauth, ServesOnlyAuthentication) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_noauth\" }");
  for (const auto* command : {"GET a", "PING", "INFO"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-NOAUTH Authentication required.\r\n") << command;
  }
  for (const auto* command : {"AUTH x", "HELLO 3"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
