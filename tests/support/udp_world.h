// UdpWorld runs a real proxy with a UDP listener in front of a UDP echo server, and provides one
// client socket.
#pragma once

#include <poll.h>

#include <string>

#include "proxy/embedded/udp_echo.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {

struct UdpWorld {
  explicit UdpWorld(const std::string& rules, const std::string& listener = {})
      : proxy(rules, {.listener = "protocol = \"udp\"\n" + listener,
                      .servers = "\"" + to_text(server.endpoint()) + "\""}),
        client(connect()) {}

  Fd connect() const {
    return proxy::connect_datagrams(*proxy::SocketAddress::of(proxy.endpoint()));
  }

  // Sends `count` datagrams "0", "1", ... and waits until `expected` of them (0: all) came back, or
  // until `patience` is over. Returns how many came back. `order` receives their contents, joined.
  int send_and_count(int count, std::chrono::milliseconds patience, int expected = 0) {
    for (int i = 0; i < count; ++i) send_all(client, std::to_string(i));
    order.clear();
    int back = 0;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (back < (expected == 0 ? count : expected)) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      pollfd waiting{client.get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
      char bytes[2000];
      const auto size = ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (size < 0) continue;
      order.append(bytes, static_cast<std::size_t>(size));
      ++back;
    }
    return back;
  }

  proxy::UdpEchoServer server;
  ProxyWorld proxy;
  Fd client;
  std::string order;
};

}  // namespace brownout::test
