// Engine: the whole proxy. It binds listeners, owns the workers, replaces rules, and opens and
// closes ports.
//
// All functions and the destructor are for the control loop's thread. A reload takes effect as a
// whole, or changes nothing and returns an error.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/engine/options.h"
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

  // Draws a seed if the file gives none. Listeners with `inherited` sockets (of another network
  // namespace, or from a service manager) do not bind.
  static Result<std::unique_ptr<Engine>> start(Loop& control, const rules::Config& config,
                                               const EngineOptions& options,
                                               Sockets inherited = {});
  ~Engine() override;

  Result<void> reload(const rules::Config& config);
  // Partial reload: `part` replaces these listeners, the upstreams of the same names, and the rules
  // that apply to only one of them. Costs little for the rest.
  Result<void> replace(const std::vector<std::string>& listeners, const rules::Config& part);
  // Resets the live connections of a listener and ends its sessions. The listener may be gone
  // already.
  void cut(const std::string& listener);
  // Turns all faults off, on live connections too: held bytes are delivered, waiting clients are
  // served, closed ports open. Rules that are loaded meanwhile act after resume().
  void halt();
  void resume();
  bool halted() const { return halted_; }
  // Present connections and UDP sessions; waits for the workers.
  FlowList list(FlowQuery query) const;
  std::vector<FlowStatus> flows() const { return list({}).flows; }
  // Resets one flow; false if there is none.
  bool cut(const std::string& listener, std::uint64_t ordinal) const;
  // Returns when every worker has done all tasks posted so far. Any thread except the workers'.
  void wait_for_workers() const;
  // Closes all ports: no new connections from now on.
  void stop_accepting();
  void stop();

  std::uint64_t seed() const { return rules_->seed(); }
  // The rules loaded last, halted or not.
  const rules::RuleSet& rules() const { return *rules_; }
  // Totals since the start, including rules and listeners that are gone.
  std::uint64_t injected() const;
  std::uint64_t turns() const;
  // Names of rules that never matched although they should have: the most common complaint about
  // fault injection is that nothing happens.
  std::vector<std::string> never_matched() const;
  std::vector<ListenerStatus> listeners() const;
  // The servers of an upstream, in the order of the file; empty if there is no such upstream.
  std::vector<ServerStatus> servers(const std::string& upstream) const;
  std::size_t listener_count() const { return ports_.size(); }
  // Address of a listener; its host is "" if there is none of that name.
  Endpoint bound(const std::string& listener) const;
  std::int64_t open_flows() const;
  std::vector<std::int64_t> open_flows_by_worker() const;
  std::uint64_t bytes(rules::Direction direction) const;
  // Bytes held by faults, or because a peer does not read.
  std::size_t held_bytes() const;
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

 private:
  struct Port {
    Endpoint bound;
    bool open = false;
    UnixSocketFile file = {};  // file of a unix socket that this process bound
  };

  Engine(Loop& control, const EngineOptions& options);
  // Sockets for the listeners of `config` that need new ones. `config` replaces the listeners
  // `replaced`, or all.
  Result<Sockets> bind_new(const rules::Config& config,
                           const std::vector<std::string>* replaced = nullptr) const;
  Result<std::vector<PortSockets>> sockets_of(const rules::Listener& listener,
                                              const Endpoint& where, PortSharing sharing) const;
  PortSharing sharing_of(const rules::Listener& listener, const Endpoint& where,
                         const ComingListeners& all) const;
  // The present listeners except `without`.
  ComingListeners staying(const std::vector<std::string>& without) const;
  // Fail if a file that `config` names cannot be used.
  Result<std::shared_ptr<Snapshot>> make_snapshot(const rules::Config& config) const;
  Result<void> add_to(Snapshot& snapshot, const rules::Config& config) const;
  // Makes `snapshot` current. Its rules become the loaded rules. While halted, no rule acts.
  void load(std::shared_ptr<Snapshot> snapshot, Sockets sockets);
  // Publishes these rules with the present listeners.
  void put_in_force(std::shared_ptr<const rules::RuleSet> rules);
  std::shared_ptr<const rules::RuleSet> in_force() const;
  void publish(std::shared_ptr<const Snapshot> snapshot, Sockets sockets);
  // Records names from DNS answers only if a listener finds original destinations, which then match
  // by name.
  void remember_names() const;
  void open_port(const std::string& name, std::vector<PortSockets> sockets);
  void close_port(const std::string& name);
  void follow_down_rules();
  void report_down(const std::string& name);
  void on_due(Instant now) noexcept override;

  Loop& control_;
  EngineOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::shared_ptr<const Snapshot> snapshot_;  // without rules while halted
  bool halted_ = false;
  rules::RuleHistory history_;
  std::uint64_t past_turns_ = 0;
  std::map<std::string, Port> ports_;
  Sockets inherited_;
  EventBuffer events_;
  bool accepting_ = true;
};

}  // namespace brownout::proxy
