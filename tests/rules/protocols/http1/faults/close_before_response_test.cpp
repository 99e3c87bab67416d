#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(CloseBeforeResponse, ClosesAfterTheServerGetsTheRequest) {
  HttpLab lab("[[rule]]\nfault = { type = \"close_before_response\" }");
  EXPECT_EQ(lab.get("/"), "(closed)");
  EXPECT_NE(lab.to_server_bytes(), "");
}

TEST(CloseBeforeResponse, ResetsResponsesThatMatch) {
  HttpLab lab(R"([[rule]]
match = { status = 200, content_type = "text/*" }
fault = { type = "close_before_response", close = "rst" })");
  EXPECT_EQ(lab.get("/"), "(reset)");
  lab.reconnect();
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx";
  EXPECT_EQ(lab.get("/"), "200 x");
}

}  // namespace
}  // namespace brownout::test
