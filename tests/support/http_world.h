// A real proxy in front of a real (small) HTTP server of this process, and what a client gets, as
// text. For tests that are about real sockets.
//
// The server answers every request with 200 and "<method> <target> <body>", keeps connections open,
// and remembers what it was asked.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/proxy_world.h"

namespace brownout::test {

class HttpServer {
 public:
  HttpServer();
  ~HttpServer();
  std::string address() const { return listening_.address(); }
  proxy::Endpoint endpoint() const { return listening_.endpoint(); }
  std::vector<std::string> asked() const;
  int connections() const { return connections_; }

 private:
  void serve(const Fd& fd);

  TestServer listening_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::thread> clients_;
  std::thread thread_;
};

class HttpWorld {
 public:
  explicit HttpWorld(const std::string& rules = "", const std::string& listener_keys = "");

  // One request on a connection of its own: all that comes until the connection ends, or 300 ms
  // pass without a byte and the workers have turned since ("(open)" at the end then, "(reset)"
  // after a RST).
  std::string get(const std::string& target, const std::string& headers = "",
                  std::chrono::milliseconds patience = 300ms);
  // What has come of an answer once a rule has acted on it or its request, and one to a later
  // request has come, which no rule must act on; as get().
  std::string get_stuck(const std::string& target);

  HttpServer server;
  ProxyWorld proxy;
};

}  // namespace brownout::test
