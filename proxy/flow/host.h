// What a flow (a connection, a UDP session, a DNS query) needs of the worker that serves it, and
// what it knows of its listener. Loop's thread only, but for the counters.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/tls/contexts.h"
#include "rules/base/shared_histogram.h"
#include "rules/engine/rule_set.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Counters of one listener: written by all workers, read by anyone.
struct ListenerStats {
  explicit ListenerStats(std::size_t workers) : traffic(workers) {}

  // Of one worker, which alone writes it: workers share no cache line for every chunk.
  struct alignas(64) Traffic {
    std::array<std::atomic<std::uint64_t>, 2> bytes{};
  };
  std::vector<Traffic> traffic;
  std::uint64_t bytes(rules::Direction direction) const {
    std::uint64_t total = 0;
    for (const auto& counts : traffic) {
      total += counts.bytes[static_cast<std::size_t>(direction)].load(std::memory_order_relaxed);
    }
    return total;
  }
  // What was served (Served) or turned (Turned), while anybody measures it.
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> turns{0};
  rules::SharedHistogram answered;

  std::atomic<std::uint64_t> arrivals{0};  // the ordinal of the last flow
  std::atomic<std::int64_t> open{0};
  std::atomic<std::uint64_t> refused{0};         // by a rule
  std::atomic<std::uint64_t> connect_failed{0};  // no server could be reached
  std::atomic<std::uint64_t> dropped{0};         // datagrams that had nowhere to go
};

// A listener's settings as flows see them; replaced, never changed.
struct ListenerView {
  rules::Listener config;
  std::shared_ptr<ListenerStats> stats;
  std::shared_ptr<const rules::DnsZone> zone;  // or null
  std::shared_ptr<tls::ServerContexts> tls;    // or null
  std::string password;                        // of a forward proxy's clients, or ""

  // Whether TLS is terminated when the client asks for it, inside the connection.
  bool starts_tls() const { return tls && config.tls && config.tls->starttls; }
  // Whether connections begin with a ClientHello.
  bool expects_hello() const {
    return (tls && !starts_tls()) || config.protocol == rules::Protocol::kTls;
  }
};

// A connection or session as it is at the moment, for a person who wonders what acts on it.
struct FlowStatus {
  std::string listener;
  std::uint64_t ordinal = 0;
  std::string client;
  std::string destination;  // "" while there is no server
  Instant opened{};
  std::vector<std::string> rules = {};   // that act on its bytes, or may later
  std::array<std::uint64_t, 2> bytes{};  // by Direction
  std::array<std::size_t, 2> held{};     // by faults, or because a peer does not read
};
FlowStatus status_of(const rules::FlowFacts& flow, const std::vector<rules::RuleRef>& rules);

// Which flows somebody asks for, and those that were found.
struct FlowQuery {
  std::string listener = {};  // begins so
  std::string client = {};    // its address and port
  std::optional<std::uint64_t> ordinal = {};
  std::size_t most = 10'000;  // the rest are counted
};
struct FlowList {
  FlowQuery query = {};
  std::vector<FlowStatus> flows = {};
  std::size_t total = 0;

  // Whether its status, which costs what its texts cost, is to be added; counts it.
  bool wants(const rules::FlowFacts& flow);
  void add(FlowList other);
};

// What became of one thing that a client asked for: a DNS query, or a request as its protocol has
// them (turns.h).
struct Served {
  bool ok = false;
  std::optional<Duration> took;  // until the answer began to go back; none: there was none
};

// What passed of bytes that nobody understands, since this was last told.
struct Turned {
  std::uint64_t turns = 0;               // times that the server's bytes followed the client's
  std::array<std::uint64_t, 2> bytes{};  // by Direction
};

// What one flow holds, as part of the sum of its worker: the sum is there when it is asked for, and
// nobody has to look at every flow. Loop's thread only; the sum is read by anyone.
class HeldBytes {
 public:
  explicit HeldBytes(std::atomic<std::size_t>& sum) : sum_(sum) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { set(0); }

  void set(std::size_t held) {
    if (held == held_) return;
    // Only this thread writes it.
    sum_.store(sum_.load(std::memory_order_relaxed) + held - held_, std::memory_order_relaxed);
    held_ = held;
  }

 private:
  std::atomic<std::size_t>& sum_;
  std::size_t held_ = 0;
};

// Told of every flow that got a server (flow.destination is known), and of all that is served or
// passes. On the worker's thread, so it must be quick.
class FlowObserver {
 public:
  virtual ~FlowObserver() = default;
  virtual void flow_opened(const rules::FlowFacts& flow) noexcept = 0;
  virtual void served(const rules::FlowFacts& flow, const Served& what) noexcept = 0;
  virtual void turned(const rules::FlowFacts& flow, const Turned& what) noexcept = 0;
};

class Interception;

class Host {
 public:
  virtual ~Host() = default;
  virtual Loop& loop() = 0;
  virtual Resolver& resolver() = 0;
  virtual const rules::RuleSet& rules() = 0;
  virtual void record(const rules::FlowFacts& flow, const rules::Rule& rule,
                      rules::Direction direction, const rules::Note& note) = 0;
  // Something happened that no rule asked for.
  virtual void report(const rules::FlowFacts& flow, std::string_view event,
                      std::string_view why) = 0;
  // Of listeners that intercept.
  virtual Interception& interception() = 0;
  // It has a server: flow.destination is known.
  virtual void flow_opened(const rules::FlowFacts& flow) = 0;
  // A rule refused or dropped the dial to flow.destination.
  virtual void dial_stopped(const rules::FlowFacts& flow) = 0;
  // Whether anybody wants to know what is served.
  virtual bool watched() const = 0;
  virtual void served(const rules::FlowFacts& flow, const Served& what) = 0;
  virtual void turned(const rules::FlowFacts& flow, const Turned& what) = 0;
  // What was opened is over.
  virtual void flow_closed(const rules::FlowFacts& flow) = 0;
  virtual void count_bytes(ListenerStats& listener, rules::Direction direction,
                           std::size_t bytes) = 0;
  // The sum of what all flows hold.
  virtual std::atomic<std::size_t>& held_bytes() = 0;
  // A fault holds as much as `buffer` allows, and so limits throughput.
  virtual void buffer_full(const rules::Listener& listener) = 0;
};

}  // namespace brownout::proxy
