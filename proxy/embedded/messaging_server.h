// MessagingServer is an embedded service, on its own thread, that stands in for a real messaging
// platform in rehearsals, in the demo, and in tests.
//
// Echoes bytes and WebSocket messages, answers HTTP/1 and HTTP/2 with 200 and "ok", has the health
// service of gRPC (http2_answers.h), and is an MQTT broker (mqtt_broker.h). The first bytes of a
// connection select the protocol. Do not expose it to an open network: apart from bounds on memory
// it has no protection.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

class MessagingServer {
 public:
  // A function that is called on the server's thread with every HTTP request body; may be empty.
  using OnBody = std::function<void(std::string_view)>;
  explicit MessagingServer(const Endpoint& where = {"127.0.0.1", 0, ""}, OnBody on_body = {});
  ~MessagingServer();

  // The address of the server. The host is empty if listening failed; error() then says why.
  const Endpoint& endpoint() const { return endpoint_; }
  const Error& error() const { return error_; }

 private:
  class Connection;
  class Port;

  OnBody on_body_;
  Loop loop_;
  std::unique_ptr<Port> port_;
  Endpoint endpoint_;
  Error error_;
  std::thread thread_;
};

}  // namespace brownout::proxy
