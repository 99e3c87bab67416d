// EchoServer is an embedded TCP server, on its own thread, that sends back all bytes that it
// receives. Used by demo, verify, bench and tests. If the first byte of a connection is
// kSourceByte, the server sends an endless stream instead. Loopback only.
#pragma once

#include <map>
#include <memory>
#include <thread>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"
#include "rules/message/chunk.h"

namespace brownout::proxy {

class EchoServer {
 public:
  static constexpr char kSourceByte = 'S';

  // Starts to listen; port 0 selects a free port. If listening fails, endpoint() has an empty host.
  explicit EchoServer(std::uint16_t port = 0);
  ~EchoServer();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  class Connection;
  class Port;

  Loop loop_;
  std::unique_ptr<Port> port_;
  Endpoint endpoint_;
  std::thread thread_;
};

}  // namespace brownout::proxy
