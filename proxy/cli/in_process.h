// InProcess runs a proxy in front of an echo server, both on their own threads in this process. A
// command such as `brownout verify` owns one, and connects its own clients.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "proxy/embedded/echo_server.h"
#include "proxy/engine/engine.h"

namespace brownout::cli {

class InProcess {
 public:
  static constexpr unsigned kUsualWorkers = 2;
  // `rules` are valid [[rule]] tables in TOML.
  explicit InProcess(const std::string& rules, unsigned workers = kUsualWorkers);
  ~InProcess();

  // Replaces the rules; waits until they are in force.
  void reload(const std::string& rules);
  // Whether the proxy runs. False if it could not start for lack of a free port or file descriptor.
  bool running() const { return engine_ != nullptr; }
  // The address of the proxy's listener.
  const proxy::Endpoint& endpoint() const { return endpoint_; }
  // The address of the echo server.
  const proxy::Endpoint& server() const { return server_.endpoint(); }
  // Returns a rule file for the same proxy. It consists of the listener and `rules`.
  std::string file(const std::string& rules) const;

 private:
  void on_control(std::function<void()> action);

  proxy::EchoServer server_;
  proxy::Loop control_;
  std::unique_ptr<proxy::Engine> engine_;
  proxy::Endpoint endpoint_;
  std::thread thread_;
};

}  // namespace brownout::cli
