// Tests a gRPC client's connection in virtual time, against a session of HTTP/2 that the test lets
// answer.
#include "rules/protocols/grpc/codec/grpc_connection.h"

#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using namespace std::chrono_literals;
using messages::grpc_frame;
using messages::GrpcConnection;
using rules::Duration;
using rules::GrpcStatus;
using rules::Instant;
using Headers = std::vector<rules::HttpHeader>;

constexpr StreamId kFirst = 1;

// A client and its server. `now` moves only by advance().
struct GrpcLab {
  explicit GrpcLab(std::optional<GrpcConnection::Keepalive> keepalive = {})
      : client(keepalive, Instant{}) {}

  bool call(std::optional<Duration> deadline = {}) {
    const bool began = client.start({.scheme = "http",
                                     .authority = "a.example:1",
                                     .path = "/shop.Orders/Get",
                                     .message = "ask",
                                     .deadline = deadline ? later(now, *deadline) : rules::kNever},
                                    now);
    run();
    return began;
  }
  // Exchanges all bytes, unless the network is silent.
  void run() {
    for (bool moved = true; moved;) {
      const std::string up(codecs::text_of(client.output(64 * 1024)));
      if (!silent && !up.empty()) server.receive(up);
      const auto down = silent ? "" : server.output();
      if (!down.empty()) client.receive(codecs::bytes_of(down), now);
      moved = !up.empty() || !down.empty();
      sent += h2_frames(up);
    }
  }
  void advance(Duration by) {
    const auto end = later(now, by);
    while (client.deadline() <= end) {
      now = client.deadline();
      client.wake(now);
      run();
      if (!client.why().empty()) break;
    }
    now = end;
  }
  void answer(const std::string& messages, const Headers& trailers = {{"grpc-status", "0"}}) {
    server.session.send_response(stream, h2_response(200, {{"content-type", "application/grpc"}}),
                                 false);
    server.session.send_data(stream, codecs::bytes_of(messages));
    server.session.send_end(stream, trailers);
    run();
  }
  void answer_head(int status, const Headers& headers) {
    server.session.send_response(stream, h2_response(status, headers), true);
    run();
  }
  std::string why() const { return client.result() ? client.result()->why : "(open)"; }
  GrpcStatus status() const {
    return client.result() ? client.result()->failure.status : GrpcStatus::kOk;
  }

  Instant now{};
  bool silent = false;
  std::string sent;  // frames of the client
  StreamId stream = kFirst;
  GrpcConnection client;
  H2Peer server{Session::Role::kServer};
};

TEST(GrpcConnection, MakesACallAndReturnsItsMessages) {
  GrpcLab lab;
  ASSERT_TRUE(lab.call(1500ms));
  EXPECT_EQ(lab.server.log.substr(0, lab.server.log.find('\n')),
            "head 1 POST /shop.Orders/Get HTTP/2 [host: a.example:1][grpc-timeout: 1500m]"
            "[te: trailers][content-type: application/grpc][user-agent: grpc-brownout] http");
  EXPECT_EQ(lab.server.bodies[kFirst], grpc_frame("ask"));
  EXPECT_EQ(lab.why(), "(open)");
  lab.answer(grpc_frame("one") + grpc_frame(""));
  EXPECT_EQ(lab.client.next_message(), "one");
  EXPECT_EQ(lab.client.next_message(), "");
  EXPECT_EQ(lab.client.next_message(), std::nullopt);
  EXPECT_EQ(lab.why(), "");
  EXPECT_EQ(lab.status(), GrpcStatus::kOk);
  // The connection serves a further call.
  EXPECT_TRUE(lab.call());
  EXPECT_EQ(lab.why(), "(open)");
}

TEST(GrpcConnection, MessagesMayArriveInAnyPieces) {
  GrpcLab lab;
  lab.call();
  lab.server.session.send_response(
      kFirst, h2_response(200, {{"content-type", "application/grpc+proto"}}), false);
  for (const char byte : grpc_frame("one") + grpc_frame(std::string(300, 'x'))) {
    lab.server.session.send_data(kFirst, codecs::bytes_of(std::string(1, byte)));
    lab.run();
  }
  EXPECT_EQ(lab.client.next_message(), "one");
  EXPECT_EQ(lab.client.next_message(), std::string(300, 'x'));
}

TEST(GrpcConnection, ReportsTheStatusOfAFailedCall) {
  GrpcLab lab;
  lab.call();
  lab.answer_head(200, {{"content-type", "application/grpc"},
                        {"grpc-status", "14"},
                        {"grpc-message", "busy%3A 100%"},
                        {"grpc-retry-pushback-ms", "250"}});
  EXPECT_EQ(lab.why(), "gRPC status UNAVAILABLE: busy: 100%");
  EXPECT_EQ(lab.client.result()->failure.pushback, "250");
  EXPECT_FALSE(lab.client.result()->failure.committed);
}

TEST(GrpcConnection, KnowsFailuresThatHaveNoStatus) {
  struct Case {
    int http;
    Headers headers;
    std::string why;
  };
  const Headers grpc{{"content-type", "application/grpc"}};
  for (const auto& [http, headers, why] : std::vector<Case>{
           {503, {}, "gRPC status UNAVAILABLE: HTTP status 503"},
           {429, {}, "gRPC status UNAVAILABLE: HTTP status 429"},
           {404, {}, "gRPC status UNIMPLEMENTED: HTTP status 404"},
           {500, {}, "gRPC status UNKNOWN: HTTP status 500"},
           {200, grpc, "gRPC status UNKNOWN: the call has no grpc-status"},
           {200, {{"grpc-status", "99"}}, "gRPC status UNKNOWN"},
       }) {
    GrpcLab lab;
    lab.call();
    lab.answer_head(http, headers);
    EXPECT_EQ(lab.why(), why);
  }
  GrpcLab lab;
  lab.call();
  lab.answer(grpc_frame("one"), {});
  EXPECT_EQ(lab.why(), "gRPC status UNKNOWN: the call has no grpc-status");
  EXPECT_TRUE(lab.client.result()->failure.committed);
}

TEST(GrpcConnection, RefusesAResponseThatIsNotGrpc) {
  GrpcLab lab;
  lab.call();
  lab.server.session.send_response(kFirst, h2_response(200, {{"content-type", "text/html"}}),
                                   false);
  lab.run();
  EXPECT_EQ(lab.why(), "gRPC status UNKNOWN: the response is not gRPC: content-type text/html");
}

TEST(GrpcConnection, AnIncompleteOrTooLargeMessageIsAnError) {
  GrpcLab cut;
  cut.call();
  cut.answer(grpc_frame("one").substr(0, 6));
  EXPECT_EQ(cut.why(), "gRPC status INTERNAL: the response ends within a message");
  GrpcLab large;
  large.call();
  large.answer(std::string("\0\x7f\0\0\0", 5));
  EXPECT_EQ(large.why(), "gRPC status RESOURCE_EXHAUSTED: a message of 2130706432 bytes");
  GrpcLab compressed;
  compressed.call();
  compressed.answer("\x01" + grpc_frame("one").substr(1));
  EXPECT_EQ(compressed.why(), "gRPC status INTERNAL: the server compresses, without being asked");
}

TEST(GrpcConnection, TheDeadlineEndsACall) {
  GrpcLab lab;
  lab.call(200ms);
  lab.advance(199ms);
  EXPECT_EQ(lab.why(), "(open)");
  lab.advance(1ms);
  EXPECT_EQ(lab.why(), "gRPC status DEADLINE_EXCEEDED: the deadline has passed");
  EXPECT_NE(lab.sent.find("RST_STREAM 1 8\n"), std::string::npos) << lab.sent;
  EXPECT_TRUE(lab.client.takes_calls());
}

TEST(GrpcConnection, TimeoutsAreRoundedUpAndHaveAtMostEightDigits) {
  EXPECT_EQ(messages::grpc_timeout(1ns), "1m");
  EXPECT_EQ(messages::grpc_timeout(1500us), "2m");
  EXPECT_EQ(messages::grpc_timeout(99'999'999ms), "99999999m");
  EXPECT_EQ(messages::grpc_timeout(100'000s), "100000S");
}

TEST(GrpcConnection, AfterGoawayTheOpenCallIsServed) {
  GrpcLab lab;
  lab.call();
  lab.server.session.send_goaway(kFirst, 0);
  lab.run();
  EXPECT_FALSE(lab.client.takes_calls());
  EXPECT_EQ(lab.why(), "(open)");
  lab.answer(grpc_frame("one"));
  EXPECT_EQ(lab.why(), "");
  EXPECT_FALSE(lab.call());
}

TEST(GrpcConnection, ACallThatGoawayDoesNotCoverWasRefused) {
  GrpcLab lab;
  lab.call();
  lab.server.session.send_goaway(0, 0);
  lab.run();
  EXPECT_EQ(lab.status(), GrpcStatus::kUnavailable);
  EXPECT_TRUE(lab.client.result()->failure.refused);
}

TEST(GrpcConnection, ResetStreamsHaveAStatus) {
  for (const auto& [code, why] : std::vector<std::pair<std::uint32_t, std::string>>{
           {0x8, "gRPC status CANCELLED: RST_STREAM CANCEL"},
           {0x2, "gRPC status INTERNAL: RST_STREAM INTERNAL_ERROR"},
           {0x7, "gRPC status UNAVAILABLE: RST_STREAM REFUSED_STREAM"},
           {0xb, "gRPC status RESOURCE_EXHAUSTED: RST_STREAM ENHANCE_YOUR_CALM"}}) {
    GrpcLab lab;
    lab.call();
    lab.server.session.reset(kFirst, code);
    lab.run();
    EXPECT_EQ(lab.why(), why);
    EXPECT_EQ(lab.client.result()->failure.refused, code == 0x7);
  }
}

TEST(GrpcConnection, ALostConnectionFailsTheCall) {
  GrpcLab lab;
  lab.call();
  lab.client.lost("connection lost: reset");
  EXPECT_EQ(lab.why(), "gRPC status UNAVAILABLE: connection lost: reset");
  EXPECT_FALSE(lab.client.takes_calls());
}

// gRFC A8: time without a byte until a PING, then time until the connection is given up.
TEST(GrpcConnection, KeepaliveNoticesASilentConnection) {
  GrpcLab lab({{.every = 10s, .timeout = 3s}});
  lab.call();
  lab.advance(35s);
  EXPECT_EQ(lab.client.why(), "");
  EXPECT_EQ(lab.sent.find("PING 0\n"), lab.sent.rfind("PING 0\n") - 14) << lab.sent;
  lab.silent = true;
  lab.advance(7s);
  EXPECT_EQ(lab.client.why(), "");
  lab.advance(1s);
  EXPECT_EQ(lab.client.why(), "keepalive: no answer to a PING within 3s");
  EXPECT_EQ(lab.why(), "gRPC status UNAVAILABLE: " + lab.client.why());
}

TEST(GrpcConnection, AnyByteShowsThatTheConnectionWorks) {
  GrpcLab lab({{.every = 10s, .timeout = 3s}});
  lab.call();
  lab.server.session.send_response(kFirst, h2_response(200, {{"content-type", "application/grpc"}}),
                                   false);
  for (int i = 0; i < 5; ++i) {
    lab.advance(9s);
    lab.server.session.send_data(kFirst, codecs::bytes_of(grpc_frame("tick")));
    lab.run();
  }
  EXPECT_EQ(lab.sent.find("PING"), std::string::npos) << lab.sent;
}

TEST(GrpcConnection, WithoutACallThereAreNoPings) {
  GrpcLab idle({{.every = 10s, .timeout = 3s}});
  idle.run();
  idle.silent = true;
  idle.advance(1h);
  EXPECT_EQ(idle.client.why(), "");
  GrpcLab eager({{.every = 10s, .timeout = 3s, .without_calls = true}});
  eager.run();
  eager.silent = true;
  eager.advance(13s);
  EXPECT_EQ(eager.client.why(), "keepalive: no answer to a PING within 3s");
}

TEST(GrpcConnection, NoticesThatItPingsTooOften) {
  GrpcLab lab({{.every = 10s, .timeout = 3s}});
  lab.call();
  EXPECT_FALSE(lab.client.too_many_pings());
  lab.server.session.send_goaway(kFirst, 0xb, "too_many_pings");
  lab.run();
  EXPECT_TRUE(lab.client.too_many_pings());
}

}  // namespace
}  // namespace brownout::test
