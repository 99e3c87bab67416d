#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(ResponseRate, DelaysTheBodyButNotTheHead) {
  HttpLab lab("[[rule]]\nfault = { type = \"response_rate\", rate = \"1 B/s\" }");
  EXPECT_EQ(lab.get("/"), "200 hello in 5s");
}

TEST(ResponseRate, FramesChunksAgain) {
  HttpLab lab("[[rule]]\nfault = { type = \"response_rate\", rate = \"1 B/s\" }");
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 abc in 3s");
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n"));
}

TEST(ResponseRate, BuffersABoundedPartOfTheBody) {
  HttpLab lab("[[rule]]\nfault = { type = \"response_rate\", rate = \"1 B/s\" }");
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  int rounds = 0;
  while (lab.conversation().wants_server() && rounds < 100) {
    lab.server(std::string(100'000, 'x'));
    ++rounds;
  }
  EXPECT_LT(rounds, 5);
}

}  // namespace
}  // namespace brownout::test
