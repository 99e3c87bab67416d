#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisReadonly, RefusesWrites) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_readonly\" }");
  for (const auto* command : {"SET a 1", "DEL a", "BLPOP a 0"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(), "-READONLY You can't write against a read only replica.\r\n")
        << command;
  }
  for (const auto* command : {"GET a", "PING", "EVAL x 0"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

TEST(RedisReadonly, SendsTheErrorAfterEarlierReplies) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_readonly\" }");
  lab.from_client(redis_array_of("GET a") + redis_array_of("SET a 1") + redis_array_of("GET a"));
  EXPECT_EQ(lab.at_client(), "");
  lab.from_server("$1\r\n0\r\n$1\r\n0\r\n");
  EXPECT_EQ(lab.at_client(),
            "$1\r\n0\r\n-READONLY You can't write against a read only replica.\r\n$1\r\n0\r\n");
}

TEST(RedisReadonly, SendsNoErrorIfNoReplyIsExpected) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_readonly\" }");
  lab.from_client(redis_array_of("CLIENT REPLY OFF") + redis_array_of("SET a 1"));
  EXPECT_EQ(lab.at_server(), redis_array_of("CLIENT REPLY OFF") + redis_array_of("SET a 1"));
  EXPECT_EQ(lab.at_client(), "");
}

}  // namespace
}  // namespace brownout::test
