// HTTP/1 boundaries: every legal shape, however it is cut; and the shapes that smuggle.
#include "proxy/codecs/http1.h"

#include <gtest/gtest.h>

#include <random>

namespace brownout::codecs {
namespace {

using Side = Http1Parser::Side;
using What = Http1Parser::What;

ByteView view(std::string_view text) { return std::as_bytes(std::span(text)); }

// What a stream is made of, read in pieces of the given sizes: "head GET /a\nbody 3\nend\n".
// Successive bodies are joined, so that the same stream prints the same however it is cut.
struct Reading {
  std::string text;
  std::string rest;   // behind an upgrade
  std::string heads;  // raw
  std::size_t body = 0;

  void flush() {
    if (body > 0) text += "body " + std::to_string(body) + "\n";
    body = 0;
  }
};

std::string describe(const Http1Parser& parser, Side side) {
  const auto head = parser.head();
  auto text =
      side == Side::kRequests ? head.method + " " + head.target : std::to_string(head.status);
  for (const auto& header : head.headers) text += " [" + header.name + ": " + header.value + "]";
  return text;
}

Reading read(std::string_view stream, Side side, const std::vector<std::string>& methods = {},
             std::size_t piece = std::string::npos, bool end = true) {
  Http1Parser parser(side);
  Reading reading;
  std::size_t response = 0;
  const auto tell = [&] {
    if (response < methods.size()) parser.answers(methods[response]);
  };
  tell();
  bool upgraded = false;
  bool in_body = false;
  for (std::size_t at = 0; at < stream.size();) {
    auto part = stream.substr(at, piece);
    at += part.size();
    while (true) {
      if (upgraded) {
        reading.rest += part;
        break;
      }
      const auto step = parser.next(view(part));
      if (in_body) reading.body += step.taken;
      if (step.what == What::kBroken) {
        reading.flush();
        reading.text += "broken: " + parser.why() + "\n";
        return reading;
      }
      part.remove_prefix(step.taken);
      if (step.what == What::kHead) {
        reading.text += "head " + describe(parser, side) + "\n";
        const auto raw = parser.raw_head();
        reading.heads.append(reinterpret_cast<const char*>(raw.data()), raw.size());
        in_body = true;
      } else if (step.what == What::kEnd || step.what == What::kUpgraded) {
        reading.flush();
        upgraded = step.what == What::kUpgraded;
        reading.text += upgraded ? "upgraded\n" : "end\n";
        in_body = false;
        // An interim response is followed by another to the same request (RFC 9110, 15.2).
        if (parser.framing().status >= 200) ++response;
        tell();
      } else {
        break;
      }
    }
  }
  if (!end || upgraded) return reading;
  const auto last = parser.finish();
  reading.flush();
  if (last == What::kEnd) reading.text += "end\n";
  if (last == What::kBroken) reading.text += "broken: " + parser.why() + "\n";
  return reading;
}

std::string requests(std::string_view stream) { return read(stream, Side::kRequests).text; }
std::string responses(std::string_view stream, const std::vector<std::string>& methods = {}) {
  return read(stream, Side::kResponses, methods).text;
}

TEST(Http1, PipelinedRequestsWithAndWithoutBodies) {
  EXPECT_EQ(
      requests("GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\nPOST http://h/x HTTP/1.1\r\nhOsT: "
               "h\r\nContent-Length: "
               "3\r\n\r\nabcHEAD * HTTP/1.0\r\n\r\n"),
      "head GET /a?b=c [Host: h]\nend\nhead POST http://h/x [hOsT: h] [Content-Length: 3]\nbody "
      "3\nend\nhead HEAD *\nend\n");
}

TEST(Http1, ChunkedBodiesWithTrailers) {
  EXPECT_EQ(
      requests("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: "
               "1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
      "head POST / [Transfer-Encoding: Chunked]\nbody 27\nend\nhead GET /2\nend\n");
}

TEST(Http1, ResponsesWithoutABody) {
  EXPECT_EQ(responses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 "
                      "N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 "
                      "204 N\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                      {"HEAD", "GET", "GET", "GET"}),
            "head 200 [Content-Length: 5]\nend\nhead 304 [Content-Length: 9]\nend\nhead "
            "204\nend\nhead 200 "
            "[Content-Length: 2]\nbody 2\nend\n");
}

TEST(Http1, InterimResponses) {
  EXPECT_EQ(responses("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 "
                      "OK\r\nContent-Length: "
                      "1\r\n\r\nx",
                      {"POST"}),
            "head 100\nend\nhead 103 [Link: x]\nend\nhead 200 [Content-Length: 1]\nbody 1\nend\n");
}

TEST(Http1, ABodyThatEndsWithTheStream) {
  EXPECT_EQ(responses("HTTP/1.0 200 OK\r\n\r\nsome bytes"), "head 200\nbody 10\nend\n");
}

TEST(Http1, UpgradesAndTunnels) {
  const auto socket =
      read("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x01x",
           Side::kResponses, {"GET"});
  EXPECT_EQ(socket.text, "head 101 [Upgrade: websocket] [Connection: upgrade]\nupgraded\n");
  EXPECT_EQ(socket.rest, "\x81\x01x");
  const auto tunnel = read("HTTP/1.1 200 OK\r\n\r\nraw", Side::kResponses, {"CONNECT"});
  EXPECT_EQ(tunnel.text, "head 200\nupgraded\n");
  EXPECT_EQ(tunnel.rest, "raw");
  // Refused, it stays HTTP.
  EXPECT_EQ(responses("HTTP/1.1 407 P\r\nContent-Length: 0\r\n\r\n", {"CONNECT"}),
            "head 407 [Content-Length: 0]\nend\n");
  EXPECT_EQ(requests("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b "
                     "HTTP/1.1\r\n\r\n"),
            "head GET /ws [Upgrade: websocket] [Connection: upgrade]\nend\nhead GET /b\nend\n");
}

TEST(Http1, WhatSmugglesIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
       "Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
       "Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", "Content-Length"},
      {"POST / HTTP/1.1\r\nContent-Length: 4, 4\r\n\r\nabcd", "Content-Length"},
      {"POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\nabcd", "Content-Length"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       "Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", "ransfer-"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n", "ransfer-"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "ransfer-"},
      {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "obs-fold"},
      {"GET / HTTP/1.1\r\nA: b\rX: y\r\n\r\n", ""},
      {"GET / HTTP/1.1\nHost: h\n\n", ""},
      {"GET / HTTP/1.1\r\nA : b\r\n\r\n", ""},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "Host"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", ""},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", ""},
      {"\nGET / HTTP/1.1\r\n\r\n", "alone"},
      {"\r\rGET / HTTP/1.1\r\n\r\n", "alone"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: u\r\n\r1\nGET / "
       "HTTP/1.1\r\n\r\n",
       ""},
      {std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27), ""},
  };
  for (const auto& [stream, why] : cases) {
    const auto text = requests(stream);
    const auto at = text.find("broken: ");
    ASSERT_NE(at, std::string::npos) << stream << "\n" << text;
    EXPECT_NE(text.find(why, at), std::string::npos) << text;
  }
}

TEST(Http1, WhatIsNoHttpIsBroken) {
  for (const auto* bytes : {"hello\r\n", "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                            "GET / HTTP/9.9\r\n\r\n"}) {
    EXPECT_NE(requests(bytes).find("broken"), std::string::npos) << bytes;
  }
  EXPECT_NE(requests("GET / HTTP/1.1\r\nHost: h\r\n").find("middle of a message"),
            std::string::npos);
}

TEST(Http1, AHeadHasALimit) {
  std::string large = "GET / HTTP/1.1\r\nA: " + std::string(70'000, 'x');
  EXPECT_NE(requests(large).find("more than 64 KiB"), std::string::npos);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 300; ++i) many += "A: b\r\n";
  EXPECT_NE(requests(many + "\r\n").find("too many headers"), std::string::npos);
}

TEST(Http1, HoweverTheStreamIsCutItReadsTheSame) {
  const std::string stream =
      "GET /a HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(300, 'v') +
      "\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'b') +
      "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1f4\r\n" +
      std::string(500, 'c') + "\r\n0\r\nT: u\r\n\r\nDELETE /d HTTP/1.1\r\n\r\n";
  const auto whole = read(stream, Side::kRequests);
  for (std::size_t piece = 1; piece < 120; ++piece) {
    const auto parts = read(stream, Side::kRequests, {}, piece);
    ASSERT_EQ(parts.text, whole.text) << piece;
    ASSERT_EQ(parts.heads, whole.heads) << piece;
  }
}

TEST(Http1, EmptyLinesBeforeARequestAreSkipped) {
  EXPECT_EQ(requests("\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
            "head GET /a\nend\nhead GET /b\nend\n");
}

TEST(Http1, TheRawHeadIsWhatCame) {
  const std::string head = "GET /a HTTP/1.1\r\nhOsT:   h  \r\nX:y\r\n\r\n";
  EXPECT_EQ(read(head + head, Side::kRequests).heads, head + head);
}

}  // namespace
}  // namespace brownout::codecs
