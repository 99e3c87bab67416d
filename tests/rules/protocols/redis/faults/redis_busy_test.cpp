#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

TEST(RedisBusy, ServesOnlyCommandsThatEndTheScript) {
  MessageLab lab("redis", "[[rule]]\nfault = { type = \"redis_busy\" }");
  for (const auto* command : {"GET a", "PING"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), "") << command;
    EXPECT_EQ(lab.at_client(),
              "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN "
              "NOSAVE.\r\n")
        << command;
  }
  for (const auto* command : {"SCRIPT KILL", "SHUTDOWN NOSAVE"}) {
    lab.from_client(redis_array_of(command));
    EXPECT_EQ(lab.at_server(), redis_array_of(command)) << command;
    EXPECT_EQ(lab.at_client(), "") << command;
  }
}

}  // namespace
}  // namespace brownout::test
