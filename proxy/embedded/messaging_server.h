// An embedded messaging service, on a thread of its own: echoes bytes; answers HTTP with 200 and
// "ok"; echoes WebSocket messages; is an MQTT broker (mqtt_broker.h). What a connection speaks is
// told by its first bytes. For rehearsals without servers, the demo, and tests. Not for the open
// network: it limits what a peer makes it hold, and nothing else.
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
  // `on_body` is told of every HTTP body, on the server's thread; may be empty.
  using OnBody = std::function<void(std::string_view)>;
  explicit MessagingServer(const Endpoint& where = {"127.0.0.1", 0, ""}, OnBody on_body = {});
  ~MessagingServer();

  // Names no host if it cannot listen.
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  class Connection;
  class Port;

  OnBody on_body_;
  Loop loop_;
  std::unique_ptr<Port> port_;
  Endpoint endpoint_;
  std::thread thread_;
};

}  // namespace brownout::proxy
