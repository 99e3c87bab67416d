// Engine: the whole proxy of one process. It opens the ports of listeners, owns the worker threads,
// replaces rules, and opens and closes ports as rules require.
//
// Call all functions and the destructor on the main thread, which runs the control loop. A reload
// takes effect as a whole, or changes nothing and returns an error.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/engine/options.h"
#include "proxy/engine/syn_gate.h"
#include "proxy/engine/worker.h"
#include "proxy/net/unix_socket_file.h"
#include "rules/engine/rule_history.h"
#include "rules/language/config.h"

namespace brownout::proxy {

class Engine final : private Deadline {
 public:
  struct ListenerStatus {
    std::string name;
    Endpoint bound;
    bool open = true;  // false while a rule keeps the port down
    std::shared_ptr<const ListenerView> view;
  };

  struct ServerStatus {
    Endpoint server;
    ServerState state = ServerState::kUnknown;
  };

  // Key: listener; one set of sockets per worker.
  using Sockets = std::map<std::string, std::vector<PortSockets>>;

  // Opens the ports and starts the workers. Draws a random seed if the rule file has none.
  // Listeners with `inherited` sockets (of another network namespace, or from a service manager) do
  // not bind.
  static Result<std::unique_ptr<Engine>> start(Loop& control, const rules::Config& config,
                                               const EngineOptions& options,
                                               Sockets inherited = {});
  ~Engine() override;

  Result<void> reload(const rules::Config& config);
  // Replaces only the named listeners, the upstreams of the same names, and the rules that apply to
  // only one of these listeners. All other listeners and rules stay as they are, at little cost.
  Result<void> replace(const std::vector<std::string>& listeners, const rules::Config& part);
  // Resets the live connections of a listener and ends its UDP sessions. The listener may have been
  // removed already.
  void cut(const std::string& listener);
  // Turns all faults off, on live connections too: held bytes are delivered, waiting clients are
  // served, and ports that a rule has closed are opened. Rules that are loaded meanwhile act after
  // resume().
  void halt();
  void resume();
  bool halted() const { return halted_; }
  // Returns the present connections and UDP sessions. Blocks until all workers have answered.
  FlowList list(FlowQuery query) const;
  // Returns the latest actions of rules, newest first. Blocks until all workers have answered.
  WhyList why(const WhyQuery& query) const;
  std::vector<FlowStatus> flows() const { return list({}).flows; }
  // Resets one connection or session. Returns false if there is no such flow.
  bool cut(const std::string& listener, std::uint64_t ordinal) const;
  // Blocks until every worker has done all tasks posted so far. Call on any thread except the
  // workers'.
  void wait_for_workers() const;
  // Closes all ports, so no new connections are accepted. HTTP clients are asked to close their
  // connections (`Connection: close`, GOAWAY).
  void stop_accepting();
  // Ends all flows and threads, and closes all ports.
  void stop();

  std::uint64_t seed() const { return rules_->seed(); }
  // Returns the rules that were loaded last, even while halt() keeps them from acting.
  const rules::RuleSet& rules() const { return *rules_; }
  // Return totals since the start: injected faults, and replies of servers to client data
  // (proxy/flow/turns.h). Rules and listeners that have been removed are included.
  std::uint64_t injected() const;
  std::map<std::string, rules::FaultCounts> injected_by_rule() const;
  std::uint64_t turns() const;
  // Names of rules that should have matched traffic but never did. Such a rule usually has an error
  // in its conditions, so users get a warning.
  std::vector<std::string> never_matched() const;
  std::vector<ListenerStatus> listeners() const;
  // The servers of an upstream, in the order of the file; empty if there is no such upstream.
  std::vector<ServerStatus> servers(const std::string& upstream) const;
  std::size_t listener_count() const { return ports_.size(); }
  // Address to which a listener is bound. The host is "" if no listener has that name.
  Endpoint bound(const std::string& listener) const;
  // Returns the mechanisms of this machine with which SYNs can be dropped, so that connects hang.
  rules::SynWays syn_ways() const;
  std::int64_t open_flows() const;
  std::vector<std::int64_t> open_flows_by_worker() const;
  std::uint64_t bytes(rules::Direction direction) const;
  // Number of buffered bytes: delayed by faults, or not sent yet because a peer does not read.
  std::size_t held_bytes() const;
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

 private:
  struct Port {
    Endpoint bound;
    bool open = false;
    // whether its accept queues are kept full, which drops SYNs where the kernel cannot filter them
    bool hangs = false;
    // whether a rule (fault `down`) discards SYNs and datagrams without an answer
    bool drops = false;
    UnixSocketFile file = {};  // file of a unix socket that this process bound
  };

  Engine(Loop& control, const EngineOptions& options);
  // Opens sockets for those listeners of `config` that have no sockets yet. `config` replaces the
  // listeners named in `replaced`; null means all listeners.
  Result<Sockets> bind_new(const rules::Config& config,
                           const std::vector<std::string>* replaced = nullptr) const;
  Result<std::vector<PortSockets>> sockets_of(const rules::Listener& listener,
                                              const Endpoint& where, PortSharing sharing) const;
  PortSharing sharing_of(const rules::Listener& listener, const Endpoint& where,
                         const ComingListeners& all) const;
  // The listeners in force, except those named in `without`.
  ComingListeners staying(const std::vector<std::string>& without) const;
  // Makes a snapshot of the configuration for the workers. Fails if a file that `config` names
  // cannot be used.
  Result<std::shared_ptr<Snapshot>> make_snapshot(const rules::Config& config) const;
  Result<void> add_to(Snapshot& snapshot, const rules::Config& config) const;
  // Makes `snapshot` the configuration in force. While the engine is halted, its rules do not act.
  void load(std::shared_ptr<Snapshot> snapshot, Sockets sockets);
  // Makes the workers use these rules, with the present listeners.
  void put_in_force(std::shared_ptr<const rules::RuleSet> rules);
  std::shared_ptr<const rules::RuleSet> in_force() const;
  void publish(std::shared_ptr<const Snapshot> snapshot, Sockets sockets);
  // Remembers names from DNS answers only if a listener intercepts: rules can then match the
  // original destination by name.
  void remember_names() const;
  void open_port(const std::string& name, std::vector<PortSockets> sockets);
  void close_port(const std::string& name);
  void follow_port_rules();
  bool can_filter() const;
  bool can_filter(const rules::Listener& listener) const;
  bool filters(const std::string& name) const;
  void report_down(const std::string& name, Instant now);
  Instant follow_syn_rules(Instant now);
  bool wants_packets() const;
  rules::SynListener syn_facts(const ListenerView& view) const;
  Instant fill_queues(Instant now);
  void report_lost_syns(const SynGate::Loss& loss);
  void on_due(Instant now) noexcept override;

  Loop& control_;
  EngineOptions options_;
  std::unique_ptr<SynGate> syn_gate_;  // declared first, since it must outlive the workers
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<const rules::RuleSet> rules_;
  // the configuration that workers use; without rules while halted
  std::shared_ptr<const Snapshot> snapshot_;
  bool halted_ = false;
  rules::RuleHistory history_;
  std::uint64_t past_turns_ = 0;
  std::map<std::string, Port> ports_;
  Sockets inherited_;
  EventBuffer events_;
  WhyRing why_;           // latest openings and closings of ports by rules
  bool packets_ = false;  // whether nftables is used to drop or reject SYNs
  bool accepting_ = true;
};

}  // namespace brownout::proxy
