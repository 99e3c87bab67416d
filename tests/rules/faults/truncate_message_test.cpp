#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(TruncateMessage, ArrivesAsAShorterMessage) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }");
  lab.from_client("hello");
  lab.from_client("hi");
  EXPECT_EQ(lab.at_server(), "text:he\ntext:hi\n");
}

}  // namespace
}  // namespace brownout::test
