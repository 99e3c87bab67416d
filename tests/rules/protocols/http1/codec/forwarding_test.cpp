// Tests requests of a forward proxy's client in a Conversation: what servers and client get, and
// when a request needs another server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr auto kRequest =
    "GET http://a.example/x HTTP/1.1\r\nHost: b\r\nProxy-Connection: keep-alive\r\n\r\n";
constexpr auto kOfOtherServer = "GET http://b.example:81/y HTTP/1.1\r\nHost: b.example:81\r\n\r\n";

TEST(Forwarding, ServersAreSentPathsHoweverTheBytesAreCut) {
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    HttpLab lab;
    lab.conversation().forward();
    lab.reply = "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nok";
    lab.piece = piece;
    lab.client(kRequest);
    lab.client(
        "POST http://a.example/z HTTP/1.1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(lab.to_server_bytes(),
              "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
              "POST /z HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a.example\r\n\r\n"
              "3\r\nabc\r\n0\r\n\r\n");
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    EXPECT_EQ(lab.to_client_bytes(), answer + answer);
    EXPECT_EQ(lab.dials(), 1);
  }
}

TEST(Forwarding, AnotherServerNeedsAnotherConnection) {
  HttpLab lab;
  lab.conversation().forward();
  lab.client(kRequest);
  EXPECT_EQ(to_text(lab.conversation().target()), "a.example:80");
  lab.client(kOfOtherServer);
  EXPECT_EQ(to_text(lab.conversation().target()), "b.example:81");
  lab.client(kOfOtherServer);
  EXPECT_EQ(lab.dials(), 2);
  EXPECT_FALSE(lab.closed());
}

// The client's later requests are for other servers. They may contain secrets, which this server
// must not get.
TEST(Forwarding, AServerThatSpeaksNoHttpGetsNoLaterRequest) {
  for (const auto* reply : {"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", "EVIL\r\n\r\n"}) {
    HttpLab lab;
    lab.conversation().forward();
    lab.reply = reply;
    lab.client(kRequest);
    EXPECT_TRUE(lab.closed()) << reply;
    lab.client(kOfOtherServer);
    EXPECT_THAT(lab.to_server_bytes(), testing::Not(HasSubstr("/y"))) << reply;
    EXPECT_EQ(lab.dials(), 1);
  }
}

TEST(Forwarding, EachRequestNeedsThePassword) {
  HttpLab lab;
  lab.conversation().forward([](std::string_view value) { return value == "Basic cWE6eA=="; });
  lab.client(
      "GET http://a.example/1 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic cWE6eA==\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 200"));
  lab.client("GET http://a.example/2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("HTTP/1.1 407"));
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(HasSubstr("/2")));
  EXPECT_TRUE(lab.closed());
}

TEST(Forwarding, RulesSeeTheRequestThatTheServerGets) {
  HttpLab lab(R"([[rule]]
match = { host = "b.example", path = "/y" }
fault = { type = "abort", status = 503 })");
  lab.conversation().forward();
  lab.client(kRequest);
  EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 200"));
  lab.client(kOfOtherServer);
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ(lab.dials(), 1);
}

TEST(Forwarding, ARequestWithoutAUrlIsRefused) {
  for (const auto* request : {"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "hello\r\n\r\n",
                              "CONNECT a.example:443 HTTP/1.1\r\n\r\n",
                              "GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"}) {
    HttpLab lab;
    lab.conversation().forward();
    lab.client(request);
    EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 400")) << request;
    EXPECT_TRUE(lab.closed());
    EXPECT_EQ(lab.to_server_bytes(), "");
    EXPECT_EQ(lab.reports(), "refused\n");
  }
}

TEST(Forwarding, TheClientIsToldThatAServerCloses) {
  HttpLab lab;
  lab.conversation().forward();
  lab.reply = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
  lab.client(kRequest);
  EXPECT_EQ(lab.to_client_bytes(),
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\nok");
  EXPECT_TRUE(lab.closed());
}

TEST(Conversation, AnOfferOfHttp2InTheClearIsIgnored) {
  HttpLab lab;
  lab.client(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-a, Upgrade, HTTP2-Settings\r\n"
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nX-A: h2c\r\n\r\n");
  EXPECT_EQ(lab.to_server_bytes(),
            "GET / HTTP/1.1\r\nHost: a\r\nconnection: x-a\r\nX-A: h2c\r\n\r\n");
  lab.reconnect();
  const std::string other =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\nX-A: h2c\r\n\r\n";
  lab.client(other);
  EXPECT_EQ(lab.to_server_bytes(), other);
}

}  // namespace
}  // namespace brownout::test
