#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(CloseAfterHeaders, ClosesAfterTheHead) {
  HttpLab lab("[[rule]]\nfault = { type = \"close_after_headers\" }");
  EXPECT_EQ(lab.get("/"), "200 (closed)");
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("Content-Length: 5\r\n\r\n"));
}

}  // namespace
}  // namespace brownout::test
