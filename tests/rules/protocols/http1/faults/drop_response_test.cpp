#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(DropResponse, ServerGetsTheRequestAndClientGetsNoResponse) {
  HttpLab lab("[[rule]]\nmatch = { path = \"/pay\" }\nfault = { type = \"drop_response\" }");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.get("/pay"), "(silence)");
  EXPECT_THAT(lab.to_server_bytes(), testing::HasSubstr("GET /pay"));
  lab.client_ends();
  EXPECT_TRUE(lab.closed());
}

}  // namespace
}  // namespace brownout::test
