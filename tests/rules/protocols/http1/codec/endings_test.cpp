// Tests how HTTP/1 forwards the end of a stream: after all data, and without losing data of the
// other direction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

TEST(HttpEndings, ForwardsTheClientsHalfCloseAfterItsRequests) {
  for (const auto* asks :
       {"GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"}) {
    HttpLab lab;
    lab.reply.reset();
    lab.client(asks);
    EXPECT_TRUE(lab.conversation().wants_client())
        << "otherwise the proxy would not notice the client's close";
    lab.client_ends();
    EXPECT_EQ(lab.notes(), "(half-closed)\n");
    // The server may still answer.
    lab.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("ok"));
    EXPECT_TRUE(lab.closed());
    EXPECT_FALSE(lab.conversation().server_reusable());
  }
  // The half-close follows all requests; a rule that delays a request delays the half-close, too.
  HttpLab lab("[[rule]]\nmatch = { path = \"/2\" }\nfault = { type = \"delay\", delay = \"2s\" }");
  lab.reply.reset();
  lab.client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  lab.client_ends();
  EXPECT_THAT(lab.notes(), testing::Not(HasSubstr("half-closed")));
  lab.server("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(lab.notes(), testing::Not(HasSubstr("half-closed")));
  lab.advance(2s);
  EXPECT_THAT(lab.notes(), HasSubstr("half-closed"));
  // If the server abandons the request, the proxy does not retry it.
  HttpLab idle;
  idle.reply.reset();
  idle.reuses = true;
  idle.client("GET / HTTP/1.1\r\n\r\n");
  idle.client_ends();
  idle.server_ends();
  EXPECT_EQ(idle.dials(), 1);
  EXPECT_TRUE(idle.closed());
}

// RFC 9112, 9.6: a server may answer and close before the request is complete.
TEST(HttpEndings, ForwardsTheServersCloseAfterAnEarlyResponse) {
  const std::string expects =
      "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n";
  const std::string half = "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf";
  const std::string chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha";
  for (const auto& asks : {expects, half, chunks}) {
    for (const std::string length : {"", "Content-Length: 3\r\n"}) {
      for (const std::string rule : {"", R"([[rule]]
fault = { type = "response_rate", rate = "8 bit/s" })"}) {
        HttpLab lab(rule);
        lab.reply.reset();
        lab.client(asks);
        const auto answer =
            "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n" + length + "\r\nbig";
        lab.server(answer);
        EXPECT_TRUE(lab.conversation().wants_server())
            << "otherwise the proxy would not notice the server's close";
        lab.server_ends();
        EXPECT_TRUE(lab.closed() || lab.conversation().wants_client())
            << "the proxy reads and discards the client's further bytes";
        lab.client("more of it");
        lab.advance(10s);
        EXPECT_EQ(lab.to_client_bytes(), answer);
        EXPECT_TRUE(lab.closed());
      }
    }
  }
}

TEST(HttpEndings, LocalAnswerDoesNotWaitForA100ContinueBody) {
  for (const bool there : {true, false}) {
    HttpLab lab(there ? "[[rule]]\nfault = { type = \"abort\", status = 503 }" : "");
    lab.unreachable = !there;
    lab.client("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
    EXPECT_THAT(lab.to_client_bytes(), HasSubstr("connection: close\r\n"));
    EXPECT_TRUE(lab.closed());
  }
}

// The client sends half of the announced body and still gets the server's response.
TEST(HttpEndings, ClientThatHalfClosesWithinABodyGetsTheResponse) {
  const std::string answer =
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbad";
  for (const std::string framing :
       {"Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n8\r\nhalf"}) {
    for (const std::string rule : {"", R"([[rule]]
fault = { type = "duplicate_request" })",
                                   R"([[rule]]
match = { direction = "upstream" }
fault = { type = "stall_mid_body", after = "2B", duration = "3s" })"}) {
      HttpLab lab(rule);
      lab.reply.reset();
      lab.client("POST / HTTP/1.1\r\n" + framing);
      lab.client_ends();
      lab.advance(10s);
      EXPECT_THAT(lab.to_server_bytes(), HasSubstr("ha"));
      EXPECT_THAT(lab.to_server_bytes(), testing::Not(HasSubstr("\n0\r\n\r\n")));
      EXPECT_TRUE(lab.copies().empty()) << "half a request is not sent twice";
      EXPECT_THAT(lab.notes(), HasSubstr("(half-closed)"));
      EXPECT_FALSE(lab.closed());
      lab.server(answer);
      EXPECT_EQ(lab.to_client_bytes(), answer);
      EXPECT_TRUE(lab.closed());
      EXPECT_FALSE(lab.conversation().server_reusable());
    }
  }
  // If the server closes without a response, the connection ends. A delayed response of a rule is
  // still sent.
  HttpLab silent;
  silent.reply.reset();
  silent.client("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
  silent.client_ends();
  silent.server_ends();
  EXPECT_EQ(silent.to_client_bytes(), "");
  EXPECT_TRUE(silent.closed());
  HttpLab late(R"([[rule]]
fault = { type = "delay", delay = "2s" }
[[rule]]
fault = { type = "abort", status = 503 })");
  late.client("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
  late.client_ends();
  late.advance(3s);
  EXPECT_THAT(late.to_client_bytes(), testing::StartsWith("HTTP/1.1 503"));
  EXPECT_TRUE(late.closed());
  // After an early response the rest of the request never comes, so the server is not reused.
  HttpLab early;
  early.reply.reset();
  early.client("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
  early.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  early.client_ends();
  EXPECT_THAT(early.to_client_bytes(), testing::EndsWith("ok"));
  EXPECT_TRUE(early.closed());
  EXPECT_FALSE(early.conversation().server_reusable());
}

// An HTTP/0.9 request is one line, after which the client waits.
TEST(HttpEndings, RefusesARequestWithoutAVersionAtOnce) {
  HttpLab lab;
  lab.client("GET /\r\n");
  EXPECT_THAT(lab.to_client_bytes(), testing::StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("HTTP/0.9"));
  EXPECT_TRUE(lab.closed());
}

// The frames are SETTINGS, as most servers send it at once, and the GOAWAY of those that only
// complain.
TEST(HttpEndings, AServerOfHttp2AloneIsABadGatewayWithAHint) {
  for (const auto& frame : {std::string("\0\0\x06\4\0\0\0\0\0\0\3\0\0\0d", 15),
                            std::string("\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1", 17)}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
      HttpLab lab;
      lab.piece = piece;
      lab.reply = frame;
      const auto answer = lab.get("/");
      EXPECT_THAT(answer, testing::StartsWith("502 brownout: ")) << piece;
      EXPECT_THAT(answer, HasSubstr("its [[upstream]] needs http = \"2\"\n"));
      EXPECT_EQ(lab.reports(), "not HTTP\n");
    }
  }
}

// Bytes that only begin like a frame are passed, as other malformed responses are.
TEST(HttpEndings, OtherBytesThanAFramePassAtTheEndOfTheServer) {
  for (const auto& bytes : {std::string("\0\0\x06", 3), std::string("\0\0\x06\1", 4)}) {
    HttpLab lab;
    lab.reply.reset();
    lab.client("GET / HTTP/1.1\r\n\r\n");
    lab.server(bytes);
    lab.server_ends();
    EXPECT_EQ(lab.to_client_bytes(), bytes);
  }
}

TEST(HttpEndings, DrainingEndsTheConnectionBehindTheNextResponse) {
  for (const std::string framing :
       {"Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"}) {
    HttpLab lab;
    lab.reply = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n" + framing;
    lab.client("GET /1 HTTP/1.1\r\n\r\n");
    lab.conversation().drain(Instant{});
    EXPECT_FALSE(lab.closed());
    lab.client("GET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
    EXPECT_EQ(lab.to_client_bytes(), "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n" + framing +
                                         "HTTP/1.1 200 OK\r\nconnection: close\r\n" + framing);
    EXPECT_TRUE(lab.closed());
  }
  HttpLab tunnel;
  tunnel.reply = "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
  tunnel.conversation().drain(Instant{});
  tunnel.client("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  EXPECT_EQ(tunnel.to_client_bytes(), *tunnel.reply);
  EXPECT_FALSE(tunnel.closed());
}

// A word without a space may be the beginning of a method until the client closes.
TEST(HttpEndings, SingleWordPassesAsBytesOnceTheClientEnds) {
  HttpLab lab;
  lab.client("hello");
  lab.client_ends();
  EXPECT_EQ(lab.to_server_bytes(), "hello");
  EXPECT_THAT(lab.notes(), HasSubstr("half-closed"));
  lab.server("220 whatever\r\n");
  EXPECT_EQ(lab.to_client_bytes(), "220 whatever\r\n");
}

}  // namespace
}  // namespace brownout::test
