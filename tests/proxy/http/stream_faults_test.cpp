// Tests the faults of messages in HTTP bodies over real sockets. The server answers a request with
// a chunked stream of events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk_of(const std::string& event) {
  std::array<char, 17> size{};
  std::snprintf(size.data(), size.size(), "%zx", event.size());
  return std::string(size.data()) + "\r\n" + event + "\r\n";
}

// A client that reads a stream of events.
struct StreamWorld {
  explicit StreamWorld(const std::string& rule) : proxy(rule, options()) {
    client = proxy.connect();
    send_all(client, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    server = server_port.accept();
    EXPECT_THAT(receive(server, 10).bytes, testing::StartsWith("GET /event"));
    send_all(server, std::string(kStreamHead));
  }
  WorldOptions options() const {
    WorldOptions options;
    options.listener = "protocol = \"sse\"";
    options.servers = server_port.address();
    return options;
  }
  // Sends these events and the end of the body. Returns all that the client gets.
  std::string stream(const std::vector<std::string>& events) const {
    for (const auto& event : events) send_all(server, chunk_of(event));
    send_all(server, "0\r\n\r\n");
    return receive(client, SIZE_MAX, 300ms).bytes;
  }

  TestServer server_port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, cut_stream) {
  const StreamWorld ended(fault("\"cut_stream\", close = \"end\"", "text = \"[DONE]\""));
  const auto whole = ended.stream({"data: one\n\n", "data: [DONE]\n\n"});
  EXPECT_THAT(whole, HasSubstr("data: one\n\n"));
  EXPECT_THAT(whole, Not(HasSubstr("DONE")));
  EXPECT_THAT(whole, EndsWith("0\r\n\r\n"));
  const StreamWorld closed(fault("\"cut_stream\"", "text = \"[DONE]\""));
  const auto part = closed.stream({"data: one\n\n", "data: [DONE]\n\n"});
  EXPECT_THAT(part, HasSubstr("data: one\n\n"));
  EXPECT_THAT(part, Not(EndsWith("0\r\n\r\n")));
}

TEST(FaultsOverSockets, malformed_event) {
  const StreamWorld world(fault("\"malformed_event\", how = \"field\"", "event = \"a\""));
  const auto got = world.stream({"event: a\ndata: one\n\n", "data: two\n\n"});
  EXPECT_THAT(got, HasSubstr("event: a\ndate: one\n\n"));
  EXPECT_THAT(got, HasSubstr("data: two\n\n"));
  EXPECT_THAT(got, EndsWith("0\r\n\r\n"));
}

TEST(FaultsOverSockets, sse_retry) {
  const StreamWorld world(fault("\"sse_retry\", retry = \"250ms\""));
  EXPECT_THAT(world.stream({"data: one\n\n"}), HasSubstr("retry: 250\ndata: one\n\n"));
}

// Rules of messages and of requests act at the same listener.
TEST(StreamsOverSockets, KeepTheRulesOfRequests) {
  const StreamWorld world(fault("\"rewrite_header\", set = { x-new = \"1\" }") + "\n" +
                          fault("\"drop\"", "event = \"message\""));
  const auto got = world.stream({"data: one\n\n", "event: a\ndata: two\n\n"});
  EXPECT_THAT(got, HasSubstr("x-new: 1\r\n"));
  EXPECT_THAT(got, Not(HasSubstr("one")));
  EXPECT_THAT(got, HasSubstr("event: a\ndata: two\n\n"));
}

}  // namespace
}  // namespace brownout::test
