#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

const std::string kRedisDeadRule = "[[rule]]\nfault = { type = \"redis_dead_subscription\" }";
constexpr std::string_view kRedisSubscribed = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n";

TEST(RedisDeadSubscription, DropsEverythingAfterTheConfirmation) {
  MessageLab lab("redis", kRedisDeadRule);
  lab.from_client(redis_array_of("GET a") + redis_array_of("SUBSCRIBE news"));
  lab.from_server("$-1\r\n" + std::string(kRedisSubscribed));
  EXPECT_EQ(lab.at_client(), "$-1\r\n" + std::string(kRedisSubscribed));
  lab.from_server(redis_array_of("message news hello"));
  lab.from_client(redis_array_of("PING"));
  lab.from_server("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  EXPECT_EQ(lab.at_client(), "");
  EXPECT_EQ(lab.closed, "");
  EXPECT_EQ(lab.injected, 2);
}

TEST(RedisDeadSubscription, KillsAnExistingSubscriptionAtItsNextMessage) {
  MessageLab lab("redis");
  lab.from_client(redis_array_of("SUBSCRIBE news"));
  lab.from_server(kRedisSubscribed);
  lab.from_server(redis_array_of("message news one"));
  lab.at_client();
  lab.set_rules(kRedisDeadRule);
  lab.from_server(redis_array_of("message news two") + redis_array_of("message news three"));
  EXPECT_EQ(lab.at_client(), "");
}

TEST(RedisDeadSubscription, DoesNotAffectClientsWithoutSubscriptions) {
  MessageLab lab("redis", kRedisDeadRule);
  lab.from_client(redis_array_of("PUBLISH news hello"));
  lab.from_server(":0\r\n");
  EXPECT_EQ(lab.at_client(), ":0\r\n");
}

}  // namespace
}  // namespace brownout::test
