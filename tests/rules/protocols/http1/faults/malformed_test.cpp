#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

std::string malformed(const std::string& what, const std::string& reply = "") {
  HttpLab lab("[[rule]]\nfault = { type = \"malformed\", what = \"" + what + "\" }");
  if (!reply.empty()) lab.reply = reply;
  lab.client("GET / HTTP/1.1\r\n\r\n");
  return lab.to_client_bytes() + (lab.closed() ? "(closed)" : "");
}

TEST(Malformed, StatusLineIsInvalid) {
  EXPECT_EQ(
      malformed("status_line"),
      "HTTP/1.1 OK 200\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello(closed)");
}

TEST(Malformed, ChunkLengthIsNotANumber) {
  EXPECT_EQ(malformed("chunk_length"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ntransfer-encoding: "
            "chunked\r\n\r\n0x_\r\nhello\r\n0\r\n\r\n(closed)");
}

TEST(Malformed, ContentLengthIsWrong) {
  EXPECT_EQ(
      malformed("content_length"),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 15\r\n\r\nhello(closed)");
  EXPECT_EQ(malformed("content_length",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ncontent-length: "
            "10\r\n\r\n1\r\na\r\n0\r\n\r\n(closed)");
}

TEST(Malformed, HeadHasNoEnd) {
  EXPECT_EQ(malformed("head_without_end"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n(closed)");
}

TEST(Malformed, ResponseIsRandomBytes) {
  const auto bytes = malformed("random");
  EXPECT_EQ(bytes.size(), 256 + std::string("(closed)").size());
  EXPECT_TRUE(bytes.ends_with("(closed)"));
  EXPECT_EQ(bytes, malformed("random")) << "the same seed gives the same bytes";
  EXPECT_FALSE(bytes.starts_with("HTTP"));
}

}  // namespace
}  // namespace brownout::test
