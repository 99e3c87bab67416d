// An embedded server that sends back what it gets, on a thread of its own: for demo, verify, bench and tests.
// Loopback only, any free port.
#pragma once

#include <map>
#include <memory>
#include <thread>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"
#include "rules/chunk.h"

namespace brownout::proxy {

class EchoServer {
 public:
  EchoServer();
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
