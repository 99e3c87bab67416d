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

TEST(Malformed, JsonHasItsLengthAndIsBroken) {
  const auto broken = [](const std::string& body, const std::string& what = "json") {
    const auto got =
        malformed(what, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                            "\r\n\r\n" + body);
    return got.substr(got.find("\r\n\r\n") + 4);
  };
  EXPECT_EQ(broken("{\"a\":[1]}\n"), "{\"a\":[1]]\n");
  EXPECT_EQ(broken("[1]"), "[1}");
  EXPECT_EQ(broken("\"a\""), "\"a}");
  EXPECT_EQ(broken("7"), "}");
  EXPECT_EQ(broken("hello"), "hello");
  EXPECT_EQ(broken("{}", "json_fragment"), "{}{\"broken\":");
}

TEST(Malformed, JsonKeepsTheConnectionOpen) {
  HttpLab lab("[[rule]]\nfault = { type = \"malformed\", what = \"json\" }");
  lab.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 {]");
  EXPECT_EQ(lab.get("/"), "200 {]");
  EXPECT_EQ(lab.notes(), "malform\nmalform\n");
  EXPECT_EQ(lab.dials(), 1);
}

// The status says that there is a body, and the server sent none.
TEST(Malformed, TheBodyOfAChangedStatusArrives) {
  HttpLab lab(
      "[[rule]]\nfault = { type = \"replace_status\", status = 200 }\n"
      "[[rule]]\nfault = { type = \"malformed\", what = \"json_fragment\" }");
  lab.reply = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 {\"broken\":");
}

}  // namespace
}  // namespace brownout::test
