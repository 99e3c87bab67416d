// Tests every fault of HTTP/2 over real sockets, with a client of HTTP/2 in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"
#include "tests/support/http_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string h2_rule(const std::string& fault, const std::string& match = "") {
  return "[[rule]]\n" + (match.empty() ? "" : "match = { " + match + " }\n") +
         "fault = { type = " + fault + " }\n";
}

// The test's server speaks HTTP/1 only.
constexpr const char* kHttp1 = "http = \"1\"";

// A client of HTTP/2 with prior knowledge, at the world's listener. The upstream speaks HTTP/1.
class Http2Client {
 public:
  explicit Http2Client(HttpWorld& world) : fd_(world.proxy.connect()) {}

  StreamId get(const std::string& path) {
    return peer.session.send_request(h2_request("GET", path), "http", "", true);
  }
  // Exchanges bytes until the log has `text`, or the connection ends, or nothing comes for
  // `patience`. Returns the log.
  std::string until(const std::string& text, std::chrono::milliseconds patience = 10s) {
    while (true) {
      const auto bytes = peer.output();
      if (!bytes.empty()) send_all(fd_, bytes);
      if (peer.log.find(text) != std::string::npos) return peer.log;
      const auto got = receive(fd_, 1, patience);
      peer.receive(got.bytes);
      if (got.bytes.empty()) return peer.log;
    }
  }
  void send(std::string_view bytes) { send_all(fd_, bytes); }

  H2Peer peer{Session::Role::kClient};

 private:
  Fd fd_;
};

TEST(FaultsOverSockets, h2_reset_stream) {
  HttpWorld world(h2_rule("\"h2_reset_stream\"", "path = \"/bad\""), "", kHttp1);
  Http2Client client(world);
  client.get("/bad");
  client.get("/good");
  EXPECT_THAT(client.until("reset 1"), HasSubstr("reset 1 2"));
  EXPECT_THAT(client.until("end 3"), HasSubstr("end 3"));
  EXPECT_EQ(client.peer.bodies[3], "GET /good ");
}

TEST(FaultsOverSockets, h2_goaway) {
  HttpWorld world(h2_rule("\"h2_goaway\"", "path = \"/go\""), "", kHttp1);
  Http2Client client(world);
  client.get("/go");
  EXPECT_THAT(client.until("end 1"), HasSubstr("goaway 1 0"));
}

TEST(FaultsOverSockets, h2_header_late) {
  HttpWorld world(h2_rule("\"h2_header_late\", delay = \"120ms\""), "", kHttp1);
  Http2Client client(world);
  const auto start = std::chrono::steady_clock::now();
  client.get("/");
  EXPECT_THAT(client.until("end 1"), HasSubstr("head 1 HTTP/2 200"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 120ms);
}

TEST(FaultsOverSockets, trailers) {
  HttpWorld world(h2_rule("\"trailers\", set = { grpc-status = \"14\" }"), "", kHttp1);
  Http2Client client(world);
  client.get("/");
  EXPECT_THAT(client.until("end 1"), HasSubstr("end 1 [grpc-status: 14]"));
}

TEST(FaultsOverSockets, h2_ping_loss) {
  HttpWorld world(h2_rule("\"h2_ping_loss\""), "", kHttp1);
  Http2Client client(world);
  client.get("/");
  client.until("end 1");
  client.send(h2_frame(kPing, 0, 0, "12345678"));
  client.get("/");
  EXPECT_THAT(client.until("end 3"), HasSubstr("end 3"));
}

TEST(FaultsOverSockets, h2_too_many_pings) {
  HttpWorld world(h2_rule("\"h2_too_many_pings\", after = 0"), "", kHttp1);
  Http2Client client(world);
  client.get("/");
  client.until("end 1");
  client.send(h2_frame(kPing, 0, 0, "12345678"));
  EXPECT_THAT(client.until("goaway"), HasSubstr("goaway 2147483647 11"));
}

TEST(FaultsOverSockets, h2_settings) {
  HttpWorld world(h2_rule("\"h2_settings\", max_concurrent_streams = 1"), "", kHttp1);
  Http2Client client(world);
  client.get("/");
  client.until("end 1");
  EXPECT_EQ(client.peer.peer_streams, 1U);
}

TEST(FaultsOverSockets, h2_window) {
  HttpWorld world(h2_rule("\"h2_window\""), "", kHttp1);
  Http2Client client(world);
  const auto id = client.peer.session.send_request(h2_request("POST", "/"), "http", "", false);
  client.peer.session.send_data(id, codecs::bytes_of(std::string(5 << 20, 'x')));
  client.peer.session.send_end(id, {});
  EXPECT_THAT(client.until("head 1", 300ms), Not(HasSubstr("head 1")));
  EXPECT_GT(client.peer.session.queued(id), 0U);
}

TEST(FaultsOverSockets, grpc_health) {
  HttpWorld world(h2_rule("\"grpc_health\""), "", kHttp1);
  Http2Client client(world);
  const auto head = h2_request("POST", "/grpc.health.v1.Health/Check",
                               {{"host", "a"}, {"content-type", "application/grpc"}});
  auto& session = client.peer.session;
  const auto id = session.send_request(head, "http", "", false);
  session.send_data(id, codecs::bytes_of(std::string(5, '\0')));
  session.send_end(id, {});
  EXPECT_THAT(client.until("end 1"), HasSubstr("end 1 [grpc-status: 0]"));
  EXPECT_EQ(client.peer.bodies[id], std::string("\0\0\0\0\2\x08\2", 7));
}

// As at the end of `run`, before --drain is over (RFC 9113, 6.8; RFC 9112, 9.6).
TEST(Drain, ClientsOfHttpAreToldToLeave) {
  HttpWorld world("", "", kHttp1);
  Http2Client client(world);
  client.get("/1");
  client.until("end 1");
  const Fd old = world.proxy.connect();
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  send_all(old, request);
  EXPECT_THAT(receive(old, 20, 10s).bytes, HasSubstr("200"));
  world.proxy.engine().stop_accepting();
  world.proxy.engine().wait_for_workers();
  // The client of this test leaves at the notice, since it has no open stream.
  EXPECT_THAT(client.until("goaway"), HasSubstr("goaway 2147483647 0\n"));
  send_all(old, request);
  const auto answer = receive(old, SIZE_MAX, 10s);
  EXPECT_THAT(answer.bytes, HasSubstr("connection: close\r\n"));
  EXPECT_EQ(answer.ending, Ending::kFin);
}

}  // namespace
}  // namespace brownout::test
