// A proxy inside a command, for those that bring their own server and clients (demo, verify): an
// echo server and an engine in front of it, on threads of their own.
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
  // `rules` are [[rule]] tables in TOML; they must be right.
  explicit InProcess(const std::string& rules, unsigned workers = kUsualWorkers);
  ~InProcess();

  void reload(const std::string& rules);
  // False when it could not start (no free port, no descriptors).
  bool running() const { return engine_ != nullptr; }
  const proxy::Endpoint& endpoint() const { return endpoint_; }
  const proxy::Endpoint& server() const { return server_.endpoint(); }
  // What a rule file for this would look like.
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
