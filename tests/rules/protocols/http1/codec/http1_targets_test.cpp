// Tests request targets with bytes that RFC 3986 forbids: those that common clients send are
// accepted, all others refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/http1/codec/http1.h"

namespace brownout::codecs {
namespace {

using What = Http1Parser::What;

// The target of a request with this line, parsed in pieces, or the reason why it is refused.
std::string target_of(const std::string& line, std::size_t piece = std::string::npos) {
  Http1Parser parser(Http1Parser::Side::kRequests);
  const std::string head = line + "\r\nHost: h\r\n\r\n";
  for (std::size_t at = 0; at < head.size();) {
    const auto part = std::string_view(head).substr(at, piece);
    const auto step = parser.next(bytes_of(part));
    if (step.what == What::kBroken) return "broken: " + parser.why();
    if (step.what == What::kHead) {
      EXPECT_EQ(text_of(parser.raw_head()), head) << "the bytes stay as they came";
      return parser.head().target;
    }
    at += step.taken;
  }
  return "no head";
}

TEST(Http1Targets, NonAsciiBytesPassUnchanged) {
  for (const std::string target :
       {"/\xc3\xa9", "/a/\xc3\xa0?q=\xe2\x82\xac#\xff", "/\x80\xa0\x85", "/?\xf0\x9f\x98\x80",
        "http://\xc3\xa9.test:80/\xc3\xa9", "http://u\xc3\xa9:p@h/"}) {
    const auto line = "GET " + target + " HTTP/1.1";
    for (std::size_t piece = 1; piece < 40; ++piece) {
      ASSERT_EQ(target_of(line, piece), target) << piece;
    }
    EXPECT_EQ(target_of(line), target);
  }
}

TEST(Http1Targets, AcceptsEveryPrintableByteInAPath) {
  for (int byte = 0x21; byte < 0x100; ++byte) {
    if (byte == 0x7f) continue;
    for (const std::string where : {"/a", "/a?b", "/a#b"}) {
      const auto target = where + static_cast<char>(byte) + "c";
      EXPECT_EQ(target_of("GET " + target + " HTTP/1.1"), target) << byte;
    }
  }
}

TEST(Http1Targets, RefusesAmbiguousRequestLines) {
  for (const std::string& target :
       {std::string("/a\tb"), std::string("/a b"), std::string("/a\0b", 4), std::string("/a\rb"),
        std::string("/a\nb"), std::string("/a\x7f"), std::string("/a\x01"), std::string("/a\x0b"),
        std::string("/a\x0c"), std::string("\xc3\xa9")}) {
    EXPECT_THAT(target_of("GET " + target + " HTTP/1.1"), testing::StartsWith("broken")) << target;
  }
  for (const std::string version : {"HTTP/1.\x81", "HTTP/\xb1.1", "HTT\xd0/1.1", "HTTP/1.1\xa0"}) {
    EXPECT_THAT(target_of("GET / " + version), testing::StartsWith("broken")) << version;
  }
}

// RFC 9110, 2.5. The version in the forwarded request line is not changed.
TEST(Http1Targets, TreatsAnUnknownMinorVersionAsTheHighestKnown) {
  for (const std::string version : {"1.2", "1.9"}) {
    EXPECT_EQ(target_of("GET /a HTTP/" + version), "/a");
    for (const auto side : {Http1Parser::Side::kRequests, Http1Parser::Side::kResponses}) {
      const bool asks = side == Http1Parser::Side::kRequests;
      Http1Parser parser(side);
      const auto head = (asks ? "GET / HTTP/" + version : "HTTP/" + version + " 200 OK") +
                        "\r\nTransfer-Encoding: chunked\r\n\r\n";
      ASSERT_EQ(parser.next(bytes_of(head)).what, What::kHead) << head << parser.why();
      EXPECT_EQ(parser.framing().minor, 1);
      EXPECT_TRUE(parser.framing().keep_alive);
      EXPECT_TRUE(parser.framing().chunked);
    }
  }
  for (const std::string version : {"HTTP/1.10", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.x"}) {
    EXPECT_THAT(target_of("GET / " + version), testing::StartsWith("broken")) << version;
  }
}

TEST(Http1Targets, AcceptsTargetsUpToTheLimitOfAHead) {
  for (const std::size_t size : {8U * 1024, 32U * 1024, 60U * 1024}) {
    const auto target = "/" + std::string(size, 'a') + "\xc3\xa9";
    EXPECT_EQ(target_of("GET " + target + " HTTP/1.1", 1460), target);
  }
  EXPECT_THAT(target_of("GET /" + std::string(70 * 1024, 'a') + " HTTP/1.1", 1460),
              testing::HasSubstr("more than 64 KiB"));
}

}  // namespace
}  // namespace brownout::codecs
