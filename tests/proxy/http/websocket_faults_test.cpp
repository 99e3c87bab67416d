// Tests every WebSocket fault over real sockets. The server answers the upgrade and echoes frames.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

// A client and a server after the upgrade.
struct WebSocketWorld {
  explicit WebSocketWorld(const std::string& rule) : proxy(rule, options()) {
    client = proxy.connect();
    const std::string request =
        "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    send_all(client, request);
    server = server_port.accept();
    EXPECT_EQ(receive(server, request.size()).bytes, request);
    const std::string answer =
        "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    send_all(server, answer);
    EXPECT_EQ(receive(client, answer.size()).bytes, answer);
  }
  WorldOptions options() const {
    WorldOptions options;
    options.listener = "protocol = \"websocket\"";
    options.servers = server_port.address();
    return options;
  }
  void say(std::string_view text, rules::Opcode opcode = rules::Opcode::kText) const {
    send_all(client, WebSocketLab::frame(text, true, opcode));
  }
  // The next message; "" at the end of the stream, or if none arrives.
  static std::string next(const Fd& end) {
    std::string stream;
    std::string text;
    while (text.empty()) {
      const auto got = receive(end, 1);
      if (got.bytes.empty()) break;
      stream += got.bytes;
      text = WebSocketLab::messages(stream);
    }
    return text;
  }
  std::string at_server() const { return next(server); }
  std::string at_client() const { return next(client); }

  TestServer server_port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, corrupt_message) {
  const WebSocketWorld world(fault("\"corrupt_message\", chance = \"100%\""));
  world.say("hello");
  const auto got = world.at_server();
  EXPECT_THAT(got, testing::StartsWith("text:"));
  EXPECT_NE(got, "text:hello\n");
}

TEST(FaultsOverSockets, truncate_message) {
  const WebSocketWorld world(fault("\"truncate_message\", after = \"2 B\""));
  world.say("hello");
  EXPECT_EQ(world.at_server(), "text:he\n");
}

TEST(FaultsOverSockets, close_websocket) {
  const WebSocketWorld world(fault("\"close_websocket\", code = 1012"));
  world.say("hello");
  EXPECT_EQ(world.at_client(), "close:1012 \n");
  EXPECT_EQ(receive(world.client).ending, Ending::kFin);
}

TEST(FaultsOverSockets, half_open) {
  WebSocketWorld world(fault("\"half_open\""));
  world.say("hello");
  world.say("p", rules::Opcode::kPing);
  EXPECT_EQ(world.at_client(), "pong:p\n");
  EXPECT_EQ(world.proxy.injected(), 2U);
  world.proxy.reload("");
  world.say("later");
  EXPECT_EQ(world.at_server(), "text:later\n") << "messages sent before the reload are lost";
}

}  // namespace
}  // namespace brownout::test
