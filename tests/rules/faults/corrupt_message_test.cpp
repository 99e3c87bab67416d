#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(CorruptMessage, TheFrameStaysRight) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\" }");
  lab.from_client("hello");
  lab.from_server("hello");
  for (const auto& got : {lab.at_server(), lab.at_client()}) {
    EXPECT_EQ(got.size(), 11U);
    EXPECT_NE(got, "text:hello\n");
    EXPECT_THAT(got, testing::StartsWith("text:"));
  }
}

}  // namespace
}  // namespace brownout::test
