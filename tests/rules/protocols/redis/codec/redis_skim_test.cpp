// Tests the quick way to the end of a Redis message against the complete parser.
#include "rules/protocols/redis/codec/redis_skim.h"

#include <gtest/gtest.h>

#include "rules/protocols/redis/codec/redis_scan.h"

namespace brownout::test {
namespace {

using codecs::RedisScan;

std::size_t scanned(RedisScan::Of of, std::string_view text) {
  RedisScan scan(of);
  const auto step = scan.next(codecs::bytes_of(text));
  return step.ended && step.broken.empty() ? step.taken : 0;
}
std::size_t skimmed(RedisScan::Of of, std::string_view text) {
  const auto bytes = codecs::bytes_of(text);
  return of == RedisScan::Of::kClient ? codecs::skim_redis_command(bytes).size
                                      : codecs::skim_redis_reply(bytes);
}
// The end that both ways find. 0 if the quick way leaves the message to the parser.
std::size_t end_of(RedisScan::Of of, const std::string& message) {
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_EQ(skimmed(of, message.substr(0, size)), 0U) << size << " bytes of " << message;
  }
  const auto end = skimmed(of, message);
  if (end > 0) {
    EXPECT_EQ(end, scanned(of, message)) << message;
    EXPECT_EQ(skimmed(of, message + "*1\r\n"), end) << message;
  }
  return end;
}

TEST(RedisSkim, FindsTheEndOfUsualMessages) {
  for (const std::string reply :
       {"+OK\r\n", "+\r\n", "-ERR no\r\n", ":12\r\n", "$5\r\nhe\r\no\r\n", "$0\r\n\r\n"}) {
    EXPECT_EQ(end_of(RedisScan::Of::kServer, reply), reply.size()) << reply;
  }
  const std::string command = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n";
  EXPECT_EQ(end_of(RedisScan::Of::kClient, command), command.size());
  EXPECT_EQ(codecs::skim_redis_command(codecs::bytes_of(std::string_view(command))).name, "SET");
}

TEST(RedisSkim, LeavesOtherMessagesToTheParser) {
  for (const std::string reply :
       {"*1\r\n:1\r\n", "$-1\r\n", ":-1\r\n", ":1x\r\n", "+O\nK\r\n", "_\r\n", ">1\r\n+x\r\n",
        "$1\r\nabc\r\n", "$1234567\r\n", "?\r\n"}) {
    EXPECT_EQ(end_of(RedisScan::Of::kServer, reply), 0U) << reply;
  }
  const std::string long_line = "-" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(end_of(RedisScan::Of::kServer, long_line), 0U);
  for (const std::string command : {"PING\r\n", "*0\r\n", "*-1\r\n", "*1\r\n:1\r\n",
                                    "*1\r\n$3\r\nPINGX\r\n", "*64\r\n$1\r\na\r\n"}) {
    EXPECT_EQ(end_of(RedisScan::Of::kClient, command), 0U) << command;
  }
}

}  // namespace
}  // namespace brownout::test
