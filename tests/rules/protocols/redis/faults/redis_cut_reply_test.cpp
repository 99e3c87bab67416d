#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisCutReply, ClosesTheConnectionInsideAReply) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "get" }
fault = { type = "redis_cut_reply" })");
  lab.from_client(redis_array_of("PING") + redis_array_of("GET a"));
  lab.from_server("+PONG\r\n");
  EXPECT_EQ(lab.at_client(), "+PONG\r\n");
  EXPECT_EQ(lab.closed, "");
  lab.from_server("$6\r\nabcdef\r\n");
  EXPECT_EQ(lab.at_client(), "$6\r\nab");
  EXPECT_EQ(lab.closed, "fin");
}

TEST(RedisCutReply, CutsAfterTheGivenSizeButBeforeTheLastByte) {
  for (const auto& [after, left] :
       {std::pair("0 B", "$"), {"5 B", "$6\r\na"}, {"1 KiB", "$6\r\nabcdef\r"}}) {
    MessageLab lab("redis", R"([[rule]]
fault = { type = "redis_cut_reply", close = "rst", after = ")" +
                                std::string(after) + R"(" })");
    lab.from_client(redis_array_of("GET a"));
    lab.from_server("$6\r\nabcdef\r\n");
    EXPECT_EQ(lab.at_client(), left);
    EXPECT_EQ(lab.closed, "reset");
  }
}

}  // namespace
}  // namespace brownout::test
