// Tests every HTTP fault over real sockets: the response to the client, and the requests that reach
// the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_world.h"

namespace brownout::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(FaultsOverSockets, delay) {
  HttpWorld world(fault("\"delay\", delay = \"120ms\"", "path = \"/slow\""));
  const auto client = world.proxy.connect();
  const auto start = std::chrono::steady_clock::now();
  send_all(client, "GET /slow HTTP/1.1\r\n\r\n");
  EXPECT_THAT(receive(client, 10).bytes, StartsWith("HTTP/1.1 2"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 120ms);
}

TEST(FaultsOverSockets, abort) {
  HttpWorld world(fault("\"abort\", status = 418, body = \"no\"", "path = \"/a*\""));
  EXPECT_EQ(world.get("/abc"), "HTTP/1.1 418 I'm a teapot\r\ncontent-length: 2\r\n\r\nno(open)");
  EXPECT_THAT(world.get("/b"), EndsWith("GET /b (open)"));
  EXPECT_EQ(world.server.asked().size(), 1U);
}

TEST(HttpCounts, CanBeOfConnections) {
  HttpWorld world(fault("\"abort\", status = 418", "once = true, count = \"connection\""));
  const auto client = world.proxy.connect();
  const auto other = world.proxy.connect();
  const auto status = [](const auto& connection) {
    send_all(connection, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    return receive(connection, SIZE_MAX, 300ms).bytes.substr(0, 12);
  };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(status(client), "HTTP/1.1 418");
  EXPECT_EQ(status(other), "HTTP/1.1 200");
}

TEST(FaultsOverSockets, redirect) {
  HttpWorld world(fault("\"redirect\", location = \"https://b.example\""));
  EXPECT_THAT(world.get("/x?y=1"), HasSubstr("location: https://b.example/x?y=1\r\n"));
}

TEST(FaultsOverSockets, rate_limit) {
  HttpWorld world(fault("\"rate_limit\", rate = \"1/h\", burst = 2"));
  EXPECT_THAT(world.get("/1"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(world.get("/2"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(world.get("/3"), HasSubstr("429 Too Many Requests\r\nretry-after: "));
}

TEST(FaultsOverSockets, token_quota) {
  HttpWorld world(fault("\"token_quota\", tokens = 1, bytes_per_token = \"1 B\""));
  EXPECT_THAT(world.get("/1"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(world.get("/2"), HasSubstr("429 Too Many Requests\r\nretry-after: 60\r\n"));
}

TEST(FaultsOverSockets, rewrite_header) {
  HttpWorld world(fault("\"rewrite_header\", set = { x-server = \"other\", x-new = \"1\" }"));
  EXPECT_THAT(world.get("/"), HasSubstr("x-server: other\r\nContent-Length: 6\r\nx-new: 1\r\n"));
  EXPECT_THAT(world.server.asked().front(), HasSubstr("x-new: 1\r\n"));
}

TEST(FaultsOverSockets, replace_status) {
  HttpWorld world(fault("\"replace_status\", status = 503"));
  EXPECT_THAT(world.get("/a"), testing::AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"),
                                              EndsWith("GET /a (open)")));
  EXPECT_EQ(world.server.asked().size(), 1U);
}

TEST(FaultsOverSockets, rewrite_request) {
  HttpWorld world(fault("\"rewrite_request\", path = \"/b\", set_parameters = { page = 2 }"));
  EXPECT_THAT(world.get("/a?page=1"), EndsWith("GET /b?page=2 (open)"));
}

TEST(FaultsOverSockets, response_rate) {
  HttpWorld world(fault("\"response_rate\", rate = \"50 B/s\""));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(world.get("/0123456"), EndsWith("GET /0123456 (open)"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 240ms);
}

TEST(FaultsOverSockets, replace_body) {
  HttpWorld world(fault("\"replace_body\", body = \"other\""));
  EXPECT_EQ(world.get("/"),
            "HTTP/1.1 200 OK\r\nX-Server: test\r\ncontent-length: 5\r\n\r\nother(open)");
}

TEST(FaultsOverSockets, edit_body) {
  HttpWorld world(fault("\"edit_body\", regex = \"GET\", with = \"edited\""));
  EXPECT_EQ(world.get("/"),
            "HTTP/1.1 200 OK\r\nX-Server: test\r\ncontent-length: 9\r\n\r\nedited / (open)");
}

TEST(FaultsOverSockets, dribble) {
  HttpWorld world(fault("\"dribble\", chunks = 2, over = \"200ms\""));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(world.get("/0123456"), EndsWith("GET /0123456 (open)"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST(FaultsOverSockets, graphql_errors) {
  HttpWorld world(fault("\"graphql_errors\"") + "\n" +
                  fault("\"replace_body\", body = '{\"data\":1}'", "direction = \"downstream\""));
  EXPECT_THAT(world.get("/"), EndsWith("{\"data\":1}(open)")) << "the later rule makes the body";
  HttpWorld other(fault("\"replace_body\", body = '{\"data\":1}'", "direction = \"downstream\"") +
                  "\n" + fault("\"graphql_errors\""));
  EXPECT_THAT(other.get("/"), EndsWith("\"errors\":[{\"message\":\"injected error\"}]}(open)"));
}

TEST(FaultsOverSockets, truncate_body) {
  HttpWorld world(fault("\"truncate_body\", after = \"3 B\""));
  EXPECT_THAT(world.get("/"), EndsWith("Content-Length: 6\r\n\r\nGET"));
}

TEST(FaultsOverSockets, corrupt_body) {
  HttpWorld world(fault("\"corrupt_body\", chance = \"100%\""));
  const auto got = world.get("/abcdef");
  EXPECT_THAT(got, HasSubstr("Content-Length: 12\r\n\r\n"));
  EXPECT_THAT(got, Not(HasSubstr("GET")));
}

TEST(FaultsOverSockets, stall_mid_body) {
  HttpWorld world(fault("\"stall_mid_body\", after = \"2 B\"", "path = \"/x\""));
  EXPECT_THAT(world.get_stuck("/x"), EndsWith("\r\n\r\nGE(open)"));
}

TEST(FaultsOverSockets, malformed) {
  HttpWorld world(fault("\"malformed\", what = \"status_line\""));
  EXPECT_THAT(world.get("/"), StartsWith("HTTP/1.1 OK 200\r\n"));
}

TEST(FaultsOverSockets, close_before_response) {
  HttpWorld world(fault("\"close_before_response\"", "path = \"/fin\"") + "\n" +
                  fault("\"close_before_response\", close = \"rst\"", "path = \"/rst\""));
  EXPECT_EQ(world.get("/fin"), "");
  EXPECT_EQ(world.get("/rst"), "(reset)");
  EXPECT_EQ(world.server.asked().size(), 2U);
}

TEST(FaultsOverSockets, close_after_headers) {
  HttpWorld world(fault("\"close_after_headers\""));
  EXPECT_EQ(world.get("/"), "HTTP/1.1 200 OK\r\nX-Server: test\r\nContent-Length: 6\r\n\r\n");
}

TEST(FaultsOverSockets, drop_response) {
  HttpWorld world(fault("\"drop_response\"", "path = \"/x\""));
  EXPECT_EQ(world.get_stuck("/x"), "(open)");
  EXPECT_EQ(world.server.asked().size(), 2U);
}

TEST(FaultsOverSockets, duplicate_request) {
  HttpWorld world(fault("\"duplicate_request\""));
  EXPECT_THAT(world.get("/pay"), EndsWith("GET /pay (open)"));
  EXPECT_TRUE(eventually([&] { return world.server.asked().size() == 2; }));
  EXPECT_EQ(world.server.asked()[0], world.server.asked()[1]);
}

TEST(FaultsOverSockets, envoy_headers) {
  HttpWorld world(fault("\"envoy_headers\""));
  EXPECT_THAT(world.get("/", "x-envoy-fault-abort-request: 503\r\n"),
              StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(world.get("/", "x-envoy-fault-delay-request: 1\r\nx-a: b\r\n"), EndsWith("(open)"));
  EXPECT_THAT(world.server.asked().front(), Not(HasSubstr("envoy")));
}

TEST(HttpFlow, ReusesAnIdleServerConnectionForTheNextClient) {
  HttpWorld world;
  const std::string answer = "HTTP/1.1 200 OK\r\nX-Server: test\r\nContent-Length: 6\r\n\r\nGET / ";
  for (int i = 0; i < 5; ++i) {
    {
      const auto client = world.proxy.connect();
      send_all(client, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
      EXPECT_EQ(receive(client, answer.size()).bytes, answer);
    }
    // Before the next client connects, the proxy must notice that this client has closed.
    EXPECT_TRUE(eventually([&] { return world.proxy.engine().open_flows() == 0; }));
  }
  EXPECT_EQ(world.server.connections(), 1);
  // A server connection with "Connection: close" is not used again.
  EXPECT_THAT(world.get("/", "Connection: close\r\n"), EndsWith("GET / "));
  EXPECT_THAT(world.get("/"), EndsWith("GET / (open)"));
  EXPECT_EQ(world.server.connections(), 2);
}

TEST(HttpFlow, ByteFaultsActOnTheClientsConnection) {
  HttpWorld world(
      "[[rule]]\nmatch = { direction = \"upstream\" }\n"
      "fault = { type = \"latency\", delay = \"100ms\" }");
  const auto client = world.proxy.connect();
  auto start = std::chrono::steady_clock::now();
  send_all(client, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(receive(client, 10).bytes, StartsWith("HTTP/1.1 2"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
  world.proxy.reload("[[rule]]\nfault = { type = \"reset\" }");
  EXPECT_EQ(receive(client).ending, Ending::kReset);
}

TEST(HttpFlow, AnswersWith502IfNoServerIsReachable) {
  WorldOptions options;
  options.listener = "protocol = \"http\"";
  options.servers = "\"127.0.0.1:1\"";
  const ProxyWorld world("", options);
  const auto client = world.connect();
  send_all(client, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(receive(client).bytes, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
}

TEST(HttpFlow, ALargeBodyPassesInBothDirections) {
  HttpWorld world;
  const auto client = world.proxy.connect();
  const std::string body(30'000'000, 'x');
  std::thread sender([&] {
    send_all(client, "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
                         "\r\nConnection: close\r\n\r\n" + body);
  });
  const auto got = receive(client);
  sender.join();
  EXPECT_GT(got.bytes.size(), body.size());
  EXPECT_EQ(got.ending, Ending::kFin);
}

TEST(HttpFaultsOverSockets, MessageFaultsActOnRequestsAndResponses) {
  HttpWorld dropped(fault("\"drop\"", "path = \"/x\""));
  EXPECT_EQ(dropped.get_stuck("/x"), "(open)");
  EXPECT_THAT(dropped.server.asked(), testing::ElementsAre(StartsWith("GET /later")));
  HttpWorld unheard(fault("\"ack_loss\"", "path = \"/x\""));
  EXPECT_EQ(unheard.get_stuck("/x"), "(open)");
  EXPECT_EQ(unheard.server.asked().size(), 2U);
  HttpWorld twice(fault("\"duplicate\", share = \"100%\""));
  EXPECT_THAT(twice.get("/x"), EndsWith("GET /x (open)"));
  HttpWorld refused(fault("\"reject\", text = \"full\""));
  EXPECT_THAT(refused.get("/x"),
              EndsWith("503 Service Unavailable\r\ncontent-length: 4\r\n\r\nfull(open)"));
  HttpWorld cut(fault("\"truncate_message\", after = \"3 B\"", "direction = \"downstream\""));
  EXPECT_THAT(cut.get("/x"), EndsWith("\r\n\r\nGET"));
}

// Either worker may serve each connection.
TEST(HttpFaultsOverSockets, HoldUntilCoversAClientAcrossWorkers) {
  const HttpServer server;
  ProxyWorld proxy(
      "[[rule]]\nmatch = { path = \"/inbox\" }\nfault = { type = \"hold_until\", passes = { path = "
      "\"/login\", status = 200 } }",
      {.workers = 2, .listener = "protocol = \"http\"", .servers = server.address()});
  const auto ask = [&](const std::string& target) {
    auto fd = proxy.connect();
    send_all(fd, "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return fd;
  };
  for (int round = 0; round < 4; ++round) {
    std::vector<Fd> held;
    for (int i = 0; i < 4; ++i) held.push_back(ask("/inbox"));
    const auto all = 4U * (static_cast<unsigned>(round) + 1);
    EXPECT_TRUE(eventually([&] { return proxy.injected() == all; }));
    for (const auto& client : held) EXPECT_EQ(receive(client, 1, 0ms).bytes, "");
    EXPECT_EQ(receive(ask("/login"), 8, 10s).bytes, "HTTP/1.1");
    for (const auto& client : held) EXPECT_EQ(receive(client, 8, 10s).bytes, "HTTP/1.1");
  }
}

TEST(HttpFaultsOverSockets, AHeldRequestIsDroppedWithItsClientAndReleasedWithItsRule) {
  HttpWorld world(fault("\"hold_until\", passes = { path = \"/never\" }, most = \"1h\""));
  send_all(world.proxy.connect(), "GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto held = world.proxy.connect();
  send_all(held, "GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return world.proxy.injected() == 2; }));
  EXPECT_EQ(receive(held, 1, 0ms).bytes, "");
  world.proxy.reload("");
  EXPECT_EQ(receive(held, 8, 10s).bytes, "HTTP/1.1");
}

// The proxy connects to the server when it has the head of the request. It parses the bytes after
// the head once it is connected.
TEST(HttpFlow, AMalformedChunkThatArrivesWithItsHeadGets400) {
  HttpWorld world;
  const auto client = world.proxy.connect();
  send_all(
      client,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n");
  const auto got = receive(client, SIZE_MAX, 10s);
  EXPECT_THAT(got.bytes, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(got.ending, Ending::kFin);
}

TEST(HttpFlow, ClosesTheServerConnectionIfTheClientGivesUp) {
  const TestServer server;
  WorldOptions options;
  options.listener = "protocol = \"http\"";
  options.servers = server.address();
  const ProxyWorld world("", options);
  auto client = world.connect();
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  send_all(client, request);
  const auto asked = server.accept();
  EXPECT_EQ(receive(asked, request.size()).bytes, request);
  client.reset();
  EXPECT_EQ(receive(asked, SIZE_MAX, 10s).ending, Ending::kFin);
}

TEST(HttpFlow, ForwardsAnEarlyResponseAndItsClose) {
  const TestServer server;
  WorldOptions options;
  options.listener = "protocol = \"http\"";
  options.servers = server.address();
  const ProxyWorld world("", options);
  const auto client = world.connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
  send_all(client, request);
  const std::string answer = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\nbig";
  {
    const auto asked = server.accept();
    EXPECT_EQ(receive(asked, request.size()).bytes, request);
    send_all(asked, answer);
  }
  const auto got = receive(client, SIZE_MAX, 10s);
  EXPECT_EQ(got.bytes, answer);
  EXPECT_EQ(got.ending, Ending::kFin);
}

}  // namespace
}  // namespace brownout::test
