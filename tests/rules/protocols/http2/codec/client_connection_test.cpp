// Tests ClientConnection and ServerConnection: requests of an HTTP/2 client reach servers of both
// versions, with rules on each stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/h2_client_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string rule(const std::string& fault, const std::string& match = "") {
  return "[[rule]]\n" + (match.empty() ? "" : "match = { " + match + " }\n") +
         "fault = { type = " + fault + " }\n";
}

TEST(ClientConnection, ARequestReachesAServerOfHttp1) {
  H2ClientLab lab;
  lab.ask("GET", "/a?b", "", false, {{"x-b", "1"}, {"X-A", "2"}});
  EXPECT_EQ(lab.asked[1], "GET /a?b HTTP/1.1\r\nhost: a.example\r\nx-b: 1\r\nx-a: 2\r\n\r\n");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 hello\nend 1\n");
}

TEST(ClientConnection, ABodyWithoutLengthIsChunked) {
  H2ClientLab lab;
  const auto id = lab.ask("POST", "/", "one", true);
  lab.client.session.send_data(id, codecs::bytes_of("two"));
  lab.client.session.send_end(id, {{"x-sum", "6"}});
  lab.run();
  EXPECT_THAT(lab.asked[1], HasSubstr("transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0"
                                      "\r\nx-sum: 6\r\n\r\n"));
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 hello\nend 1\n");
}

TEST(ClientConnection, ATrailerOfHttp1ReachesTheClient) {
  H2ClientLab lab;
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n";
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 ok\nend 1 [x-sum: 2]\n");
}

TEST(ClientConnection, InterimResponsesPass) {
  H2ClientLab lab;
  lab.reply = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  lab.get("/");
  EXPECT_EQ(lab.seen(), "interim 1 103\nhead 1 204 ended\n");
}

TEST(ClientConnection, ABrokenBodyIsNoWholeBody) {
  for (const bool reset : {false, true}) {
    H2ClientLab lab;
    lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    lab.get("/");
    lab.server_ends(1, reset);
    EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 half\nreset 1 2\n") << reset;
  }
}

TEST(ClientConnection, TheEndOfTheConnectionEndsABodyWithoutLength) {
  H2ClientLab lab;
  lab.reply = "HTTP/1.1 200 OK\r\n\r\nall";
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 all\n");
  lab.server_ends(1);
  EXPECT_EQ(lab.seen(), "end 1\n");
}

TEST(ClientConnection, AMalformedResponseIsABadGateway) {
  H2ClientLab lab;
  lab.reply = "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n";
  lab.get("/");
  EXPECT_THAT(lab.seen(), HasSubstr("head 1 502\ndata 1 brownout: the server's response is "));
  EXPECT_THAT(lab.reports, HasSubstr("not HTTP: the response: "));
}

TEST(ClientConnection, AnUnreachableServerIsABadGateway) {
  H2ClientLab lab;
  lab.unreachable = true;
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 502\ndata 1 brownout: nobody is there\n\nend 1\n");
}

TEST(ClientConnection, ARuleActsOnItsStreamOnly) {
  H2ClientLab lab(rule("\"delay\", delay = \"2s\"", "path = \"/slow\"") +
                  rule("\"abort\", status = 418, body = \"no\"", "path = \"/tea\""));
  lab.get("/slow");
  lab.get("/tea");
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 3 418\ndata 3 no\nend 3\nhead 5 200\ndata 5 hello\nend 5\n");
  lab.advance(5s);
  EXPECT_EQ(lab.seen(), "+2s\nhead 1 200\ndata 1 hello\nend 1\n");
  EXPECT_EQ(lab.asked[1], "GET /slow HTTP/1.1\r\nhost: a.example\r\n\r\n");
}

TEST(ClientConnection, AResetEndsOneStream) {
  H2ClientLab lab(rule("\"close_before_response\", close = \"rst\"", "path = \"/bad\""));
  lab.get("/bad");
  lab.get("/");
  EXPECT_EQ(lab.seen(), "reset 1 2\nhead 3 200\ndata 3 hello\nend 3\n");
}

TEST(ClientConnection, ABodyOfARuleEndsTheStream) {
  H2ClientLab lab(rule("\"truncate_body\", after = \"2 B\""));
  lab.get("/");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 he\nreset 1 2\n");
}

TEST(ClientConnection, ASilentStreamStaysOpen) {
  H2ClientLab lab(rule("\"drop_response\"", "path = \"/\""));
  lab.get("/");
  lab.get("/other");
  lab.advance(60s);
  EXPECT_EQ(lab.seen(), "head 3 200\ndata 3 hello\nend 3\n");
  EXPECT_EQ(lab.client.session.open_streams(), 1U);
}

TEST(ClientConnection, ADelayEndsWithItsRule) {
  H2ClientLab lab(rule("\"delay\", delay = \"1h\""));
  lab.get("/");
  EXPECT_EQ(lab.seen(), "");
  lab.reload("");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 hello\nend 1\n");
}

TEST(ClientConnection, AServerOfHttp2GetsTheSameRequest) {
  H2ClientLab lab("", true);
  lab.ask("POST", "/x", "body", false, {{"te", "trailers"}});
  EXPECT_THAT(lab.upstream.take_log(),
              HasSubstr("head 1 POST /x HTTP/2 [host: a.example][te: trailers] http\n"
                        "data 1 body\nend 1\n"));
  rules::HttpHead head;
  head.status = 200;
  lab.upstream.session.send_response(1, head, false);
  lab.upstream.session.send_data(1, codecs::bytes_of("answer"));
  lab.upstream.session.send_end(1, {{"grpc-status", "0"}});
  lab.run();
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 answer\nend 1 [grpc-status: 0]\n");
}

// Its server gets an update only for streams that it knows.
TEST(ClientConnection, AServerOfHttp2GetsChangesOfThePriority) {
  H2ClientLab lab("", true);
  lab.get("/");
  lab.upstream.take_log();
  lab.client.session.send_priority_update(1, "u=1, i");
  lab.run();
  EXPECT_EQ(lab.upstream.take_log(), "priority 1 u=1, i\n");
  // Ahead of its request, the second value counts.
  for (const std::string value : {"u=7", "u=0"})
    lab.client_bytes(h2_frame(kH2PriorityUpdate, 0, 0, h2_number(3) + value));
  EXPECT_EQ(lab.upstream.take_log(), "");
  lab.get("/next");
  const auto log = lab.upstream.take_log();
  EXPECT_THAT(log, HasSubstr("head 3 GET /next"));
  EXPECT_THAT(log, HasSubstr("priority 3 u=0\n"));
}

// RFC 9113, 6.8: a notice, then the last stream that is served.
TEST(ClientConnection, DrainingEndsTheConnectionBehindItsStreams) {
  H2ClientLab lab("", true);
  lab.get("/");
  lab.connection().drain(Instant{});
  lab.run();
  EXPECT_EQ(lab.seen(), "goaway 2147483647 0\n");
  lab.advance(10s);
  EXPECT_EQ(lab.seen(), "+500ms\ngoaway 1 0\n");
  EXPECT_FALSE(lab.connection().over());
  lab.upstream.session.send_response(1, h2_response(204), true);
  lab.run();
  EXPECT_EQ(lab.seen(), "+9.5s\nhead 1 204 ended\n");
  EXPECT_TRUE(lab.connection().over());
  H2ClientLab idle;
  idle.get("/");
  idle.seen();
  idle.connection().drain(Instant{});
  idle.advance(1s);
  EXPECT_TRUE(idle.connection().over());
}

TEST(ClientConnection, AResetOfTheServerKeepsItsCode) {
  H2ClientLab lab("", true);
  lab.get("/");
  lab.upstream.session.reset(1, 0x8);
  lab.run();
  EXPECT_EQ(lab.seen(), "reset 1 8\n");
}

// The data of a stream in an H2Peer's log.
std::string data_of(StreamId id, const std::string& log) {
  const auto begin = "data " + std::to_string(id) + " ";
  std::string all;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(begin)) all += line.substr(begin.size());
  }
  return all;
}

TEST(ClientConnection, ARefusedRequestIsSentAgainWithItsBody) {
  const std::string slow = rule("\"latency\", delay = \"1s\"", "direction = \"upstream\"");
  for (const auto& rules : {std::string(), slow}) {
    H2ClientLab lab(rules, true);
    const auto id = lab.ask("POST", "/", "first ", true);
    lab.advance(2s);
    EXPECT_THAT(lab.upstream.take_log(), HasSubstr("data 1 first "));
    lab.client.session.send_data(id, codecs::bytes_of("second "));
    lab.run();
    lab.upstream.session.reset(1, 0x7);
    lab.run();
    lab.client.session.send_data(id, codecs::bytes_of("third"));
    lab.client.session.send_end(id, {{"x-sum", "3"}});
    lab.run();
    lab.advance(2s);
    const auto log = lab.upstream.take_log();
    EXPECT_EQ(data_of(3, log), "first second third");
    EXPECT_THAT(log, testing::EndsWith("end 3 [x-sum: 3]\n"));
    rules::HttpHead head;
    head.status = 204;
    lab.upstream.session.send_response(3, head, true);
    lab.run();
    EXPECT_THAT(lab.seen(), HasSubstr("head 1 204 ended\n"));
  }
}

TEST(ClientConnection, ARequestThatServersKeepRefusingEnds) {
  H2ClientLab lab("", true);
  lab.ask("POST", "/", "body");
  for (const StreamId id : {1, 3, 5}) {
    lab.upstream.session.reset(id, 0x7);
    lab.run();
    EXPECT_EQ(lab.seen(), "");
  }
  lab.upstream.session.reset(7, 0x7);
  lab.run();
  EXPECT_EQ(lab.seen(), "reset 1 7 refused\n");
}

TEST(ClientConnection, ARefusedRequestWithALongBodyIsNotSentAgain) {
  H2ClientLab lab("", true);
  lab.ask("POST", "/", std::string(40000, 'x'), true);
  lab.upstream.session.reset(1, 0x7);
  lab.run();
  EXPECT_EQ(lab.seen(), "reset 1 7 refused\n");
}

TEST(ClientConnection, HttpOneCannotBeginAnotherProtocolThanWebSocket) {
  H2ClientLab lab;
  lab.run();
  lab.client.session.send_request(h2_request("CONNECT", "/"), "https", "connect-udp", false);
  lab.run();
  EXPECT_EQ(lab.asked[1], "");
  EXPECT_THAT(lab.seen(), HasSubstr("head 1 502\ndata 1 brownout: the server speaks HTTP/1"));
}

TEST(ClientConnection, ARefusedStreamIsSentAgain) {
  H2ClientLab lab("", true);
  lab.get("/");
  lab.upstream.session.reset(1, 0x7);
  lab.run();
  EXPECT_EQ(lab.seen(), "");
  rules::HttpHead head;
  head.status = 204;
  lab.upstream.session.send_response(3, head, true);
  lab.run();
  EXPECT_EQ(lab.seen(), "head 1 204 ended\n");
}

TEST(ClientConnection, AClientThatLeavesCancelsAtTheServer) {
  H2ClientLab lab("", true);
  const auto id = lab.get("/");
  lab.upstream.take_log();
  lab.client.session.reset(id, 0x8);
  lab.run();
  EXPECT_THAT(lab.upstream.take_log(), HasSubstr("reset 1 8"));
}

TEST(ClientConnection, ATunnelCarriesBytesBothWays) {
  H2ClientLab lab;
  lab.reply = "HTTP/1.1 200 Connection established\r\n\r\n";
  const auto id = lab.ask("CONNECT", "a.example:443", "", true);
  lab.client.session.send_data(id, codecs::bytes_of("ping"));
  lab.run();
  EXPECT_THAT(lab.asked[1], testing::EndsWith("\r\n\r\nping"));
  lab.server(1, "pong");
  lab.server_ends(1);
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 pong\nend 1\n");
}

TEST(ClientConnection, ExtendedConnectIsAnUpgradeForHttp1) {
  H2ClientLab lab("", false, "websocket");
  lab.reply =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: x\r\n\r\n";
  lab.get("/");  // the client knows the server's SETTINGS after it
  lab.seen();
  rules::HttpHead head = h2_request("CONNECT", "/chat", {{"host", "a.example"}});
  const auto id = lab.client.session.send_request(head, "http", "websocket", false);
  lab.run();
  EXPECT_THAT(lab.asked[id], HasSubstr("GET /chat HTTP/1.1\r\n"));
  EXPECT_THAT(lab.asked[id], HasSubstr("upgrade: websocket\r\n"));
  EXPECT_EQ(lab.seen(), "head 3 200\n");
  lab.server(id, std::string("\x81\x02hi", 4));
  EXPECT_EQ(lab.seen(), std::string("data 3 \x81\x02hi\n", 12));
}

TEST(ClientConnection, HalfAResponseIsNoSmuggledRequest) {
  H2ClientLab lab;
  lab.ask("POST", "/", "GET /evil HTTP/1.1\r\n\r\n", false, {{"content-length", "4"}});
  for (const auto& [id, bytes] : lab.asked) EXPECT_THAT(bytes, Not(HasSubstr("evil")));
  EXPECT_THAT(lab.seen(), HasSubstr("reset 1 1"));
}

}  // namespace
}  // namespace brownout::test
