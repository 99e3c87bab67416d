// ProxyWorld runs a real proxy in this process, with one listener "chat" in front of an echo
// server, and provides blocking client sockets. It serves tests that need real sockets and real
// time.
#pragma once

#include <sys/socket.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "proxy/embedded/echo_server.h"
#include "proxy/embedded/traffic.h"
#include "proxy/engine/engine.h"
#include "proxy/formats/load_rules.h"

namespace brownout::test {

using namespace std::chrono_literals;
using proxy::Fd;

// A rule in TOML. `text` is the type of the fault, followed by its keys.
inline std::string fault(const std::string& text, const std::string& match = "") {
  return "[[rule]]\n" + (match.empty() ? "" : "match = { " + match + " }\n") +
         "fault = { type = " + text + " }";
}

struct WorldOptions {
  unsigned workers = 1;
  std::string listener = {};  // further keys of the [[listener]]
  // Servers to use instead of the echo server: "\"127.0.0.1:1\", \"127.0.0.1:2\""
  std::string servers = {};
  std::string upstream = {};  // further keys of the [[upstream]]
  std::string listen = "127.0.0.1:0";
  std::string events = {};  // path of the event log
  std::string flows = {};   // path of the log of flows
  bool filter_syns = true;
};

class ProxyWorld {
 public:
  explicit ProxyWorld(const std::string& rules = "", WorldOptions options = {});
  ~ProxyWorld();

  // Loads other rules, and waits until all workers use them.
  void reload(const std::string& rules);
  // Runs a function on the thread of the control loop, and returns its result.
  template <class F>
  auto on_control(F function) {
    std::packaged_task<decltype(function())()> task(function);
    auto result = task.get_future();
    control_.post([&task] { task(); });
    return result.get();
  }
  proxy::Engine& engine() { return *engine_; }
  const proxy::Endpoint& endpoint() const { return endpoint_; }
  const proxy::EchoServer& server() const { return server_; }
  Fd connect() const { return proxy::connect_to(endpoint_); }
  std::uint64_t injected();
  // Waits for many iterations of each worker's event loop, after which all pending reads and writes
  // are done.
  void let_workers_turn();
  // Waits until the rules hold exactly `bytes` in this direction. Returns false after a timeout.
  bool holds(rules::Direction direction, std::size_t bytes);
  std::string rules_text(const std::string& rules) const;

 private:
  WorldOptions options_;
  proxy::EchoServer server_;
  proxy::Loop control_;
  std::unique_ptr<proxy::EventLog> events_;
  std::unique_ptr<proxy::EventLog> flows_;
  std::unique_ptr<proxy::Engine> engine_;
  proxy::Endpoint endpoint_;
  std::thread thread_;
};

// A connect in progress, which may hang. `client` is non-blocking until finish().
class Connecting {
 public:
  // A client with this address, or with any.
  explicit Connecting(const proxy::Endpoint& server, const std::string& from = "");
  // Whether the connect is complete within this time.
  bool done(std::chrono::milliseconds within) const;
  // Waits for the kernel's next retransmissions of the SYN, and returns the connected client; an
  // empty Fd after ten seconds.
  Fd finish();

 private:
  Fd client_;
};
// How long a connect that is answered takes at most: loopback answers before connect(2) returns.
constexpr auto kAnswered = 200ms;

// The bytes that a client received, and how the connection ended.
enum class Ending { kOpen, kFin, kReset };
struct Received {
  std::string bytes;
  Ending ending = Ending::kOpen;
};

void send_all(const Fd& fd, std::string_view bytes);
// Receives until `count` bytes have arrived, the stream ends, or no byte arrives for `patience`.
Received receive(const Fd& fd, std::size_t count = SIZE_MAX,
                 std::chrono::milliseconds patience = 10s);
// The round-trip time of one echoed message, or -1 ns if the echo is not complete.
std::chrono::nanoseconds round_trip(const Fd& fd, std::string_view message);

// A listening socket whose connections the test itself accepts and serves.
class TestServer {
 public:
  TestServer();
  proxy::Endpoint endpoint() const { return endpoint_; }
  std::string address() const { return "\"" + to_text(endpoint_) + "\""; }
  // Blocks until a client connects. Returns an empty Fd after ten seconds.
  Fd accept() const;
  void close() { listening_.reset(); }

 private:
  Fd listening_;
  proxy::Endpoint endpoint_;
};

// Waits up to ten seconds until `condition`, which another thread makes true, returns true. Returns
// its last result.
bool eventually(const std::function<bool()>& condition);

}  // namespace brownout::test
