// Tests faults of HTTP requests that go to one server of a group.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string port_of(const HttpServer& server) { return std::to_string(server.endpoint().port); }

// A proxy in front of two servers, by turns.
struct TwoServers {
  explicit TwoServers(const std::string& rules = "")
      : proxy(rules, {.listener = "protocol = \"http\"\n",
                      .servers = good.address() + ", " + bad.address(),
                      .upstream = "policy = \"round-robin\"\n"}) {}

  std::string get(const Fd& client) {
    send_all(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    return receive(client, SIZE_MAX, 300ms).bytes.substr(9, 3);
  }

  HttpServer good;
  HttpServer bad;
  ProxyWorld proxy;
};

TEST(OneBadServer, FailsTheRequestsThatGoToIt) {
  TwoServers world;
  world.proxy.reload(fault("\"abort\", status = 503", "port = " + port_of(world.bad)));
  int failed = 0;
  for (int i = 0; i < 4; ++i) {
    const auto client = world.proxy.connect();
    const auto first = world.get(client);
    EXPECT_EQ(world.get(client), first) << "the same server serves the connection";
    failed += first == "503";
  }
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(world.good.asked().size(), 4U);
  EXPECT_TRUE(world.bad.asked().empty());
}

TEST(OneBadServer, MayBeAllButOne) {
  TwoServers world;
  world.proxy.reload(
      fault("\"abort\", status = 503", "not = { port = " + port_of(world.good) + " }"));
  for (int i = 0; i < 4; ++i) world.get(world.proxy.connect());
  EXPECT_EQ(world.good.asked().size(), 2U);
  EXPECT_TRUE(world.bad.asked().empty());
}

TEST(OneBadServer, HasResponsesOfItsOwn) {
  TwoServers world;
  world.proxy.reload(fault("\"rewrite_header\", set = { x-server = \"bad\" }",
                           "direction = \"downstream\", port = " + port_of(world.bad)));
  int changed = 0;
  for (int i = 0; i < 4; ++i) {
    const auto client = world.proxy.connect();
    send_all(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    changed += receive(client, SIZE_MAX, 300ms).bytes.find("x-server: bad") != std::string::npos;
  }
  EXPECT_EQ(changed, 2);
  EXPECT_EQ(world.bad.asked().size(), 2U);
}

TEST(OneBadServer, IsNotAskedForRequestsThatOtherRulesAnswer) {
  TwoServers world;
  world.proxy.reload(fault("\"abort\", status = 418", "path = \"/\"") + "\n" +
                     fault("\"abort\", status = 503", "port = " + port_of(world.bad)));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(world.get(world.proxy.connect()), "418");
  EXPECT_EQ(world.good.connections() + world.bad.connections(), 0);
}

TEST(OneBadServer, CountsItsOwnRequests) {
  TwoServers world;
  world.proxy.reload(fault("\"abort\", status = 503", "once = true, port = " + port_of(world.bad)));
  int failed = 0;
  for (int i = 0; i < 6; ++i) failed += world.get(world.proxy.connect()) == "503";
  EXPECT_EQ(failed, 1);
}

TEST(OneBadServer, DelaysAddToThoseOfOtherRules) {
  TwoServers world;
  world.proxy.reload(fault("\"delay\", delay = \"60ms\"") + "\n" +
                     fault("\"delay\", delay = \"60ms\"", "destination = \"127.0.0.0/8\""));
  const auto client = world.proxy.connect();
  const auto start = std::chrono::steady_clock::now();
  send_all(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive(client, 12).bytes, HasSubstr("200"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 120ms);
}

}  // namespace
}  // namespace brownout::test
