// HttpWorld runs a real proxy in front of a small HTTP server in this process, for tests over real
// sockets.
//
// The server answers every request with status 200 and "<method> <target> <body>", keeps
// connections open, and records the requests.
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
  explicit HttpWorld(const std::string& rules = "", const std::string& listener_keys = "",
                     const std::string& upstream_keys = "");

  // Sends a request on its own connection. Returns all bytes until the connection ends, or until no
  // byte has arrived for `patience` and the workers have handled all events. Adds "(open)" if the
  // connection is still open, "(reset)" after a RST.
  std::string get(const std::string& target, const std::string& headers = "",
                  std::chrono::milliseconds patience = 300ms);
  // Returns the part of a response that arrives while a fault holds the rest. Waits until a rule
  // has acted on the request. Then sends another request, on which no rule may act, and waits for
  // its response.
  std::string get_stuck(const std::string& target);

  HttpServer server;
  ProxyWorld proxy;
};

}  // namespace brownout::test
