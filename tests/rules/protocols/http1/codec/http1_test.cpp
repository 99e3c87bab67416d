// Tests Http1Parser: message boundaries in every valid form, and refused forms.
#include "rules/protocols/http1/codec/http1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

namespace brownout::codecs {
namespace {

using Side = Http1Parser::Side;
using What = Http1Parser::What;

// The messages of a stream as text, such as "head GET /a\nbody 3\nend\n". Adjacent parts of a body
// are joined, so the text does not depend on how the stream is split.
struct Reading {
  std::string text;
  std::string rest;   // bytes after an upgrade
  std::string heads;  // raw bytes of all heads
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
      const auto step = parser.next(bytes_of(part));
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
        // Another response to the same request follows an interim response (RFC 9110, 15.2).
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

TEST(Http1, ReadsPipelinedRequestsWithAndWithoutBodies) {
  EXPECT_EQ(
      requests("GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\nPOST http://h/x HTTP/1.1\r\nhOsT: "
               "h\r\nContent-Length: "
               "3\r\n\r\nabcHEAD * HTTP/1.0\r\n\r\n"),
      "head GET /a?b=c [Host: h]\nend\nhead POST http://h/x [hOsT: h] [Content-Length: 3]\nbody "
      "3\nend\nhead HEAD *\nend\n");
}

TEST(Http1, ReadsChunkedBodiesWithTrailers) {
  EXPECT_EQ(
      requests("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: "
               "1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
      "head POST / [Transfer-Encoding: Chunked]\nbody 27\nend\nhead GET /2\nend\n");
}

TEST(Http1, ReadsResponsesWithoutABody) {
  EXPECT_EQ(responses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 "
                      "N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 "
                      "204 N\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                      {"HEAD", "GET", "GET", "GET"}),
            "head 200 [Content-Length: 5]\nend\nhead 304 [Content-Length: 9]\nend\nhead "
            "204\nend\nhead 200 "
            "[Content-Length: 2]\nbody 2\nend\n");
}

TEST(Http1, ReadsInterimResponses) {
  EXPECT_EQ(responses("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 "
                      "OK\r\nContent-Length: "
                      "1\r\n\r\nx",
                      {"POST"}),
            "head 100\nend\nhead 103 [Link: x]\nend\nhead 200 [Content-Length: 1]\nbody 1\nend\n");
}

TEST(Http1, ReadsABodyThatEndsWithTheStream) {
  EXPECT_EQ(responses("HTTP/1.0 200 OK\r\n\r\nsome bytes"), "head 200\nbody 10\nend\n");
}

TEST(Http1, DetectsUpgradesAndTunnels) {
  const auto socket =
      read("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x01x",
           Side::kResponses, {"GET"});
  EXPECT_EQ(socket.text, "head 101 [Upgrade: websocket] [Connection: upgrade]\nupgraded\n");
  EXPECT_EQ(socket.rest, "\x81\x01x");
  const auto tunnel = read("HTTP/1.1 200 OK\r\n\r\nraw", Side::kResponses, {"CONNECT"});
  EXPECT_EQ(tunnel.text, "head 200\nupgraded\n");
  EXPECT_EQ(tunnel.rest, "raw");
  // After a refused CONNECT, the connection continues with HTTP.
  EXPECT_EQ(responses("HTTP/1.1 407 P\r\nContent-Length: 0\r\n\r\n", {"CONNECT"}),
            "head 407 [Content-Length: 0]\nend\n");
  EXPECT_EQ(requests("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b "
                     "HTTP/1.1\r\n\r\n"),
            "head GET /ws [Upgrade: websocket] [Connection: upgrade]\nend\nhead GET /b\nend\n");
}

TEST(Http1, RefusesRequestSmuggling) {
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

TEST(Http1, RejectsTrafficThatIsNotHttp1) {
  for (const auto* bytes :
       {"hello\r\n", "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/9.9\r\n",
        "GET / HTTP/2.0\r\n", "GET / HTTP/0.9\r\n", "GET /\r\n"}) {
    EXPECT_NE(requests(bytes).find("broken"), std::string::npos) << bytes;
  }
  EXPECT_NE(requests("PRI * HTTP/2.0\r\n\r\n").find("an incomplete preface of HTTP/2"),
            std::string::npos);
  EXPECT_NE(requests("GET / HTTP/1.1\r\nHost: h\r\n").find("middle of a message"),
            std::string::npos);
}

TEST(Http1, LimitsTheSizeOfAHead) {
  std::string large = "GET / HTTP/1.1\r\nA: " + std::string(70'000, 'x');
  EXPECT_NE(requests(large).find("more than 64 KiB"), std::string::npos);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 300; ++i) many += "A: b\r\n";
  EXPECT_NE(requests(many + "\r\n").find("too many headers"), std::string::npos);
}

TEST(Http1, ResultDoesNotDependOnHowTheStreamIsSplit) {
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

TEST(Http1, SkipsEmptyLinesBeforeARequest) {
  EXPECT_EQ(requests("\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
            "head GET /a\nend\nhead GET /b\nend\n");
}

TEST(Http1, RawHeadIsTheReceivedBytes) {
  const std::string head = "GET /a HTTP/1.1\r\nhOsT:   h  \r\nX:y\r\n\r\n";
  EXPECT_EQ(read(head + head, Side::kRequests).heads, head + head);
}

// RFC 9110, 9.1 and 16.1: methods are an open set and case-sensitive.
TEST(Http1, AcceptsAnyTokenAsAMethod) {
  for (const auto* method : {"PURGE", "VERSION-CONTROL", "get", "G", "M-SEARCH",
                             "X!#$%&'*+-.^_`|~9", "SOURCE", "DESCRIBE", "PRI"}) {
    EXPECT_EQ(requests(std::string(method) + " /a HTTP/1.1\r\nHost: h\r\n\r\n"),
              "head " + std::string(method) + " /a [Host: h]\nend\n");
  }
  for (const auto* line : {"G@T / HTTP/1.1", "GET", "(GET) / HTTP/1.1", "GET\t/ HTTP/1.1"}) {
    EXPECT_THAT(requests(std::string(line) + "\r\n\r\n"), testing::HasSubstr("broken")) << line;
  }
  EXPECT_THAT(requests(std::string(200, 'X') + " / HTTP/1.1\r\n\r\n"),
              testing::HasSubstr("a method of more than"));
}

// Bad white space (BWS) in chunk extensions: RFC 9112, 7.1.1.
TEST(Http1, ChunkExtensionsMayHaveWhiteSpace) {
  const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string line :
       {"5", "05", "5 ", "5;a", "5;a=b", "5; a=b", "5 ;a=b", "5;a = b", "5\t;\ta\t=\tb\t;c",
        "5;a=\"b; \\\" c\"", "5;a=\"\" ; b", "5;a;b;c=d"}) {
    const auto stream = head + line + "\r\nhello\r\n0\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, stream.size()}) {
      EXPECT_THAT(read(stream, Side::kRequests, {}, piece).text, testing::EndsWith("\nend\n"))
          << line;
    }
  }
  for (const std::string line :
       {"", " 5", "5 5", "5;", "5;;a", "5;=b", "5;a=", "5;a=b c", "5;a=\"b", "5;a=\"b\"c", "5;a@b",
        "5x", "0x5", "-5", "10000000000000000"}) {
    const auto stream = head + line + "\r\nhello\r\n0\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, stream.size()}) {
      EXPECT_THAT(read(stream, Side::kRequests, {}, piece).text, testing::HasSubstr("broken"))
          << line;
    }
  }
  EXPECT_THAT(requests(head + "5;a=" + std::string(20'000, 'b') + "\r\nhello\r\n0\r\n\r\n"),
              testing::HasSubstr("a chunk extension of more than"));
}

// Transfer codings: RFC 9112, 6.1, 6.3 and 7.
TEST(Http1, ChunksDelimitABodyOnlyAsTheLastCoding) {
  const std::string chunks = "3\r\nzip\r\n0\r\n\r\n";
  for (const auto* codings :
       {"chunked", "gzip, chunked", "gzip,deflate ,  Chunked", "x;q=\"1,2\", chunked"}) {
    const auto head = "Transfer-Encoding: " + std::string(codings) + "\r\n\r\n";
    EXPECT_THAT(requests("POST / HTTP/1.1\r\n" + head + chunks + "GET /2 HTTP/1.1\r\n\r\n"),
                testing::EndsWith("\nbody 13\nend\nhead GET /2\nend\n"))
        << codings;
    EXPECT_THAT(responses("HTTP/1.1 200 OK\r\n" + head + chunks + "HTTP/1.1 204 N\r\n\r\n"),
                testing::EndsWith("\nbody 13\nend\nhead 204\nend\n"))
        << codings;
  }
  for (const auto* codings : {"gzip", "chunked, gzip", "identity"}) {
    const auto head = "Transfer-Encoding: " + std::string(codings) + "\r\n\r\n";
    EXPECT_THAT(requests("POST / HTTP/1.1\r\n" + head + chunks), testing::HasSubstr("last coding"))
        << codings;
    EXPECT_THAT(responses("HTTP/1.1 200 OK\r\n" + head + chunks),
                testing::EndsWith("\nbody 13\nend\n"))
        << codings;
  }
  for (const auto* codings : {"", ",", "gzip,,chunked", "chunked, chunked", "chunked;q=1",
                              "\tchunked", "chunked\t", "gzip,\tchunked", "\"chunked\""}) {
    const auto head = "Transfer-Encoding: " + std::string(codings) + "\r\n\r\n";
    for (const auto* line : {"POST / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"}) {
      const auto side = line[0] == 'P' ? Side::kRequests : Side::kResponses;
      EXPECT_THAT(read(line + head + chunks, side).text, testing::HasSubstr("Transfer-Encoding"))
          << codings;
      EXPECT_THAT(read(line + head + chunks, side).text, testing::HasSubstr("broken")) << codings;
    }
  }
}

TEST(Http1, ParsesTrailersUpToALimit) {
  const std::string begin = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  Http1Parser parser(Side::kRequests);
  const auto stream = begin + "A:  b c \t\r\nD:\r\n\r\n";
  const auto head = parser.next(bytes_of(stream));
  ASSERT_EQ(parser.next(bytes_of(stream).subspan(head.taken)).what, What::kEnd);
  ASSERT_EQ(parser.trailers().size(), 2U);
  EXPECT_EQ(parser.trailers()[0].value, "b c");
  EXPECT_EQ(parser.trailers()[1].value, "");
  for (const auto* trailer :
       {" A: b\r\n", ": b\r\n", "A b\r\n", "A : b\r\n", "A: b\n", "A: b\rc\r\n"}) {
    EXPECT_THAT(requests(begin + trailer + "\r\n"), testing::HasSubstr("broken")) << trailer;
  }
  EXPECT_THAT(requests(begin + "A: " + std::string(70'000, 'b') + "\r\n\r\n"),
              testing::HasSubstr("a trailer of more than"));
}

// A random stream of messages, and the expected methods and body sizes as text.
struct Stream {
  std::string bytes;
  std::string text;
};
Stream random_stream(std::mt19937_64& random) {
  const auto any = [&](std::size_t most) { return random() % most; };
  const auto blank = [&] { return std::array{"", " ", "\t", "  "}[any(4)]; };
  Stream stream;
  for (auto left = 1 + any(5); left > 0; --left) {
    std::string method;
    for (auto i = 1 + any(12); i > 0; --i) method += "ABCxyz-!9"[any(9)];
    stream.bytes += std::string(any(3) == 0 ? "\r\n" : "") + method + " /" +
                    std::to_string(any(99)) + " HTTP/1.1\r\n";
    std::string body;
    if (const auto kind = any(3); kind == 1) {
      body = std::string(any(40), 'b');
      stream.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    } else if (kind == 2) {
      stream.bytes +=
          std::string("Transfer-Encoding: ") + (any(2) == 0 ? "" : "br , ") + "chunked\r\n";
      for (auto chunks = any(4); chunks > 0; --chunks) {
        const auto size = 1 + any(15);
        body += std::string(1, "0123456789aBcDeF"[size]) + blank();
        if (any(2) == 0)
          body +=
              std::string(";") + blank() + "e" + blank() + "=" + blank() + "\"\\\";\"" + blank();
        body += "\r\n" + std::string(size, 'c') + "\r\n";
      }
      body += "0\r\n" + std::string(any(2) == 0 ? "T: u\r\n" : "") + "\r\n";
    }
    stream.bytes += "\r\n" + body;
    stream.text += method + " " + std::to_string(body.size()) + "\n";
  }
  return stream;
}

TEST(Http1, ReadsRandomStreamsInRandomPieces) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    const auto stream = random_stream(random);
    Http1Parser parser(Side::kRequests);
    std::string text;
    std::size_t body = 0;
    for (std::size_t at = 0; at < stream.bytes.size();) {
      auto part = bytes_of(stream.bytes)
                      .subspan(at)
                      .first(std::min(1 + random() % 9, stream.bytes.size() - at));
      at += part.size();
      while (true) {
        const bool in_body = parser.in_message();
        const auto step = parser.next(part);
        ASSERT_NE(step.what, What::kBroken) << parser.why() << " in " << stream.bytes;
        part = part.subspan(step.taken);
        if (in_body && (step.what == What::kBody || step.what == What::kEnd)) body += step.taken;
        if (step.what == What::kEnd) {
          text += parser.framing().method + " " + std::to_string(std::exchange(body, 0)) + "\n";
        }
        if (step.what == What::kMore || step.what == What::kBody) break;
      }
    }
    ASSERT_EQ(text, stream.text) << stream.bytes;
  }
}

}  // namespace
}  // namespace brownout::codecs
