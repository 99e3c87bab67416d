// Tests RedisCommand, which finds the name, keys, channels and slot of a command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/redis/redis.h"
#include "rules/protocols/redis/redis_commands.h"

namespace brownout::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

rules::RedisCommand redis_command(std::vector<std::string_view> words) {
  return rules::redis_command_of(words);
}

TEST(RedisCommand, NameIncludesTheSubcommand) {
  EXPECT_EQ(redis_command({"GET", "a"}).name, "get");
  EXPECT_EQ(redis_command({"Script", "LOAD", "return 1"}).name, "script load");
  EXPECT_EQ(redis_command({"CLIENT", "REPLY", "OFF"}).argument, "off");
  EXPECT_EQ(redis_command({"COMMAND"}).name, "command");
  EXPECT_EQ(redis_command({}).name, "");
  EXPECT_EQ(redis_command({std::string_view("a name that is far too long for a command of any "
                                            "server that there is, and then some")})
                .name,
            "");
}

TEST(RedisCommand, FindsTheKeysOfEachCommand) {
  EXPECT_THAT(redis_command({"GET", "a"}).keys, ElementsAre("a"));
  EXPECT_THAT(redis_command({"MSET", "a", "1", "b", "2"}).keys, ElementsAre("a", "b"));
  EXPECT_THAT(redis_command({"BLPOP", "a", "b", "0"}).keys, ElementsAre("a", "b"));
  EXPECT_THAT(redis_command({"BITOP", "AND", "to", "a", "b"}).keys, ElementsAre("to", "a", "b"));
  EXPECT_THAT(redis_command({"EVAL", "return 1", "2", "a", "b", "c"}).keys, ElementsAre("a", "b"));
  EXPECT_THAT(redis_command({"ZUNIONSTORE", "to", "2", "a", "b", "WEIGHTS", "1", "2"}).keys,
              ElementsAre("to", "a", "b"));
  EXPECT_THAT(redis_command({"XREAD", "BLOCK", "0", "STREAMS", "s", "t", "$", "$"}).keys,
              ElementsAre("s", "t"));
  EXPECT_THAT(redis_command({"OBJECT", "ENCODING", "a"}).keys, ElementsAre("a"));
  for (const auto& none :
       std::vector<std::vector<std::string_view>>{{"PING"},
                                                  {"GET"},
                                                  {"EVAL", "x"},
                                                  {"EVAL", "x", "0"},
                                                  {"EVAL", "x", "-1", "a"},
                                                  {"EVAL", "x", "99999999999999999999", "a"},
                                                  {"XREAD", "STREAMS"},
                                                  {"BLPOP", "0"},
                                                  {"NOSUCH", "a"}}) {
    EXPECT_THAT(redis_command(none).keys, IsEmpty()) << none.front();
  }
  EXPECT_THAT(redis_command({"EVAL", "x", "9", "a"}).keys, IsEmpty());
}

TEST(RedisCommand, BoundsTheNumberOfKeys) {
  std::vector<std::string_view> many(100'000, "k");
  many.front() = "MGET";
  EXPECT_EQ(redis_command(many).keys.size(), rules::RedisCommand::kMostKeys);
}

TEST(RedisCommand, FindsTheChannelsOfPubSubCommands) {
  EXPECT_THAT(redis_command({"PUBLISH", "news", "hello"}).channels, ElementsAre("news"));
  EXPECT_THAT(redis_command({"PSUBSCRIBE", "news.*", "a"}).channels, ElementsAre("news.*", "a"));
  EXPECT_THAT(redis_command({"UNSUBSCRIBE"}).channels, IsEmpty());
  EXPECT_THAT(redis_command({"GET", "news"}).channels, IsEmpty());
}

TEST(RedisCommand, RecognizesCommandsThatBlock) {
  EXPECT_TRUE(redis_command({"BLPOP", "a", "0"}).blocks);
  EXPECT_TRUE(redis_command({"XREAD", "block", "0", "STREAMS", "s", "$"}).blocks);
  EXPECT_FALSE(redis_command({"XREAD", "STREAMS", "s", "$"}).blocks);
  EXPECT_FALSE(redis_command({"LPOP", "a"}).blocks);
}

TEST(RedisCommand, FindsTheWrittenValue) {
  const auto value_at = [](std::string_view name, std::size_t arguments) {
    return rules::redis_command_row(name).value(arguments);
  };
  EXPECT_EQ(value_at("set", 5), 2U);
  EXPECT_EQ(value_at("rpush", 5), 4U);
  EXPECT_EQ(value_at("setex", 4), 3U);
  EXPECT_FALSE(value_at("setex", 3));
  EXPECT_FALSE(value_at("get", 2));
  EXPECT_FALSE(value_at("ping", 1));
}

// Expected slots are from redis.io: CLUSTER KEYSLOT and the cluster specification.
TEST(RedisSlot, MatchesTheClusterSpecification) {
  EXPECT_EQ(rules::redis_slot("somekey"), 11058U);
  EXPECT_EQ(rules::redis_slot("foo{hash_tag}"), 2515U);
  EXPECT_EQ(rules::redis_slot("bar{hash_tag}"), 2515U);
  EXPECT_EQ(rules::redis_slot("123456789"), 0x31c3U % 16384U);
  EXPECT_EQ(rules::redis_slot("{user1000}.following"), rules::redis_slot("user1000"));
  EXPECT_NE(rules::redis_slot("foo{}{bar}"), rules::redis_slot("bar"));
  EXPECT_EQ(rules::redis_slot("foo{{bar}}zap"), rules::redis_slot("{bar"));
}

TEST(RedisCommandPattern, MatchesAnyCaseAndSubcommands) {
  const auto matches = [](std::string text, std::string_view name) {
    return rules::RedisCommandPattern{std::move(text)}.matches(name);
  };
  EXPECT_TRUE(matches("get", "get"));
  EXPECT_FALSE(matches("get", "getex"));
  EXPECT_TRUE(matches("get*", "getex"));
  EXPECT_TRUE(matches("script", "script load"));
  EXPECT_TRUE(matches("script load", "script load"));
  EXPECT_FALSE(matches("script load", "script exists"));
}

}  // namespace
}  // namespace brownout::test
