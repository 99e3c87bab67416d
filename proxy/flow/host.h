// Host: the interface through which a flow uses the worker that serves it. A flow is a connection,
// UDP session or DNS query. The file also defines the settings and counters of listeners. Use only
// on the event loop's thread, except for the counters.
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

// Counters of one listener: written by all workers, read by any thread.
struct ListenerStats {
  explicit ListenerStats(std::size_t workers) : traffic(workers) {}

  // Bytes that one worker has passed, written by that worker only, so that workers do not contend
  // for a cache line.
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
  // Failed requests, replies (turns.h), and durations of requests: sums of the values in Served and
  // Turned. Updated only if Host::watched() is true.
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> turns{0};
  rules::SharedHistogram answered;

  // number of flows so far, which is also the ordinal of the latest flow
  std::atomic<std::uint64_t> arrivals{0};
  std::atomic<std::int64_t> open{0};
  std::atomic<std::uint64_t> refused{0};         // number of flows that a rule refused
  std::atomic<std::uint64_t> connect_failed{0};  // number of flows that reached no server
  std::atomic<std::uint64_t> dropped{0};         // number of datagrams that could not be forwarded
  // Memory of the datagrams that faults hold in the UDP sessions of all workers, in bytes.
  std::atomic<std::size_t> held{0};

  // Which addresses the kernel's SYN filter can see at this listener (proxy/engine/syn_gate.h).
  std::atomic<rules::SynSight> syn_sight{rules::SynSight::kNone};
  // Which addresses nftables can see at this listener (proxy/engine/packet_table.h).
  std::atomic<rules::SynSight> packet_sight{rules::SynSight::kNone};
  // Whether accepted connections may have inherited a SYN filter from the listening socket.
  std::atomic<bool> syn_filtered{false};
};

struct Decryption;
class RefusedCertificates;

// Settings of a listener for its flows. Immutable: a reload replaces the whole view.
struct ListenerView {
  rules::Listener config;
  std::shared_ptr<ListenerStats> stats;
  // records of a DNS listener's zone; null if it has none
  std::shared_ptr<const rules::DnsZone> zone;
  std::shared_ptr<tls::ServerContexts> tls;  // certificates; null if TLS is not terminated
  std::string password;  // password that clients of a forward proxy must send; "" for none
  // Settings for intercepting TLS (decryption.h); null if the listener does not.
  std::shared_ptr<const Decryption> decryption;
  // Clients that rejected a certificate of the proxy's CA; null if TLS is not intercepted.
  std::shared_ptr<RefusedCertificates> refused;
  // The view that applies until it is known whether a connection is decrypted; null means this
  // view.
  std::shared_ptr<const ListenerView> outside;

  // Whether this view is for connections that the proxy decrypts because a rule matches their host.
  bool decrypted() const { return tls && refused; }
  // Whether the proxy terminates TLS that begins inside the connection (STARTTLS).
  bool starts_tls() const { return tls && config.tls && config.tls->starttls; }
  // Whether connections begin with a ClientHello of TLS.
  bool expects_hello() const {
    return (tls && !starts_tls()) || config.protocol == rules::Protocol::kTls;
  }
};

// State of a connection or session, as `brownout ctl flows` and the HTTP API show it.
struct FlowStatus {
  std::string listener;
  std::uint64_t ordinal = 0;
  std::string client;
  std::string destination;  // the server's address; "" while there is no server
  Instant opened{};
  std::vector<std::string> rules = {};  // names of rules that act on the flow's bytes, or may later
  std::array<std::uint64_t, 2> bytes{};  // number of bytes passed in each Direction
  // number of bytes in each Direction held by faults or not yet sent
  std::array<std::size_t, 2> held{};
};
FlowStatus status_of(const rules::FlowFacts& flow, const std::vector<rules::RuleRef>& rules);

// Selects flows for a list; empty members match every flow.
struct FlowQuery {
  std::string listener = {};  // prefix of the listener's name
  std::string client = {};    // prefix of the client's address with its port, as "10.0.0.1:50"
  std::optional<std::uint64_t> ordinal = {};
  std::size_t most = 10'000;  // limit of the list; more flows are only counted
};
struct FlowList {
  FlowQuery query = {};
  std::vector<FlowStatus> flows = {};
  std::size_t total = 0;  // number of flows that match, listed or not

  // Counts `flow` if it matches the query. Returns true if the list has room; the caller then adds
  // the flow's status to `flows`.
  bool wants(const rules::FlowFacts& flow);
  void add(FlowList other);
};

// Result of one DNS query, or of one request if the protocol is one with requests (turns.h).
struct Served {
  bool ok = false;
  std::optional<Duration> took;  // time until the answer began; none if there was no answer
};

// Traffic since the previous report, of a connection whose bytes are not parsed.
struct Turned {
  std::uint64_t turns = 0;  // how often bytes of the server followed bytes of the client
  std::array<std::uint64_t, 2> bytes{};  // number of bytes passed in each Direction
};

// Adds the bytes that one flow buffers to the sum of its worker, so that reading the sum need not
// visit every flow. Use only on the event loop's thread; any thread may read the sum.
class HeldBytes {
 public:
  explicit HeldBytes(std::atomic<std::size_t>& sum) : sum_(sum) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { set(0); }

  void set(std::size_t held) {
    if (held == held_) return;
    // A plain load and store suffice, since only this thread writes the sum.
    sum_.store(sum_.load(std::memory_order_relaxed) + held - held_, std::memory_order_relaxed);
    held_ = held;
  }

 private:
  std::atomic<std::size_t>& sum_;
  std::size_t held_ = 0;
};

// FlowObserver is the interface for code that counts traffic. flow_opened() is called when a flow
// has a server (flow.destination is set), served() for each request. If requests are not parsed,
// turned() is called for replies instead (turns.h). Calls come on the worker's thread, so
// implementations must be quick.
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
  // Logs an action of a rule on this flow, for the event log and `brownout ctl why`.
  virtual void record(const rules::FlowFacts& flow, const rules::Rule& rule,
                      rules::Direction direction, const rules::Note& note) = 0;
  // Writes an event that no rule caused to the event log. `warns`: users must see it even if only
  // warnings are shown.
  virtual void report(const rules::FlowFacts& flow, std::string_view event, std::string_view why,
                      bool warns = false) = 0;
  // Finds the original destinations of clients, for listeners that intercept.
  virtual Interception& interception() = 0;
  // Called by a flow when it is connected to a server; flow.destination is set.
  virtual void flow_opened(const rules::FlowFacts& flow) = 0;
  // Called by a flow when a rule refused the connection to flow.destination, or left it unanswered.
  virtual void dial_stopped(const rules::FlowFacts& flow) = 0;
  // Whether flows must call served() and turned(), because an observer or the statistics need it.
  virtual bool watched() const = 0;
  virtual void served(const rules::FlowFacts& flow, const Served& what) = 0;
  virtual void turned(const rules::FlowFacts& flow, const Turned& what) = 0;
  // Called by a flow that has ended, if it called flow_opened() before.
  virtual void flow_closed(const rules::FlowFacts& flow) = 0;
  virtual void count_bytes(ListenerStats& listener, rules::Direction direction,
                           std::size_t bytes) = 0;
  // Number of bytes that all flows of this worker hold.
  virtual std::atomic<std::size_t>& held_bytes() = 0;
  // Called by a flow when a fault holds as many bytes as the listener's `buffer` allows, which
  // limits throughput.
  virtual void buffer_full(const rules::Listener& listener) = 0;
};

}  // namespace brownout::proxy
