// Engine: the proxy as a whole. Binds listeners, owns the workers, swaps rules, opens and closes
// ports.
//
// All functions are for the control loop's thread, and so is destruction. A reload either takes
// effect as a whole or changes nothing and says why.
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

  using Sockets = std::map<std::string, std::vector<PortSockets>>;  // by listener; one a worker

  // `seed` is drawn if the file gives none. Listeners that have sockets already, of another
  // network or from a service manager, do not bind.
  static Result<std::unique_ptr<Engine>> start(Loop& control, const rules::Config& config,
                                               const EngineOptions& options,
                                               Sockets inherited = {});
  ~Engine() override;

  Result<void> reload(const rules::Config& config);
  // A part of it: in place of these listeners, of upstreams of the same names and of the rules that
  // mean only one of them, are those of `part`. Costs little for what stays.
  Result<void> replace(const std::vector<std::string>& listeners, const rules::Config& part);
  // Resets the live connections of a listener, which may be gone already, and forgets its sessions.
  void cut(const std::string& listener);
  // All faults off, on live connections too: what they hold is delivered, what they made wait is
  // served, ports that they closed open. Rules may be loaded meanwhile, and act after resume().
  void halt();
  void resume();
  bool halted() const { return halted_; }
  // Connections and UDP sessions, as their workers see them now; waits for the workers.
  FlowList list(FlowQuery query) const;
  std::vector<FlowStatus> flows() const { return list({}).flows; }
  // Resets one of them; false if there is none.
  bool cut(const std::string& listener, std::uint64_t ordinal) const;
  // Returns when every worker has done what it was told so far. From any thread but theirs.
  void wait_for_workers() const;
  // No new connections from now on.
  void stop_accepting();
  void stop();

  std::uint64_t seed() const { return rules_->seed(); }
  // Those that were loaded last, halted or not.
  const rules::RuleSet& rules() const { return *rules_; }
  // Since the start, by rules and listeners that are gone, too.
  std::uint64_t injected() const;
  std::uint64_t turns() const;
  // The names of rules that never matched anything, and should have: the commonest complaint about
  // fault injection is that nothing happened, or not what was asked.
  std::vector<std::string> never_matched() const;
  std::vector<ListenerStatus> listeners() const;
  std::size_t listener_count() const { return ports_.size(); }
  // The address of a listener, "" host if there is none of that name.
  Endpoint bound(const std::string& listener) const;
  std::int64_t open_flows() const;
  std::vector<std::int64_t> open_flows_by_worker() const;
  std::uint64_t bytes(rules::Direction direction) const;
  // By faults, or because a peer does not read.
  std::size_t held_bytes() const;
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

 private:
  struct Port {
    Endpoint bound;
    bool open = false;
    UnixSocketFile file = {};  // of a unix socket that this process bound
  };

  Engine(Loop& control, const EngineOptions& options);
  // Of `config`, which comes in place of these listeners or of all, those that need new ones.
  Result<Sockets> bind_new(const rules::Config& config,
                           const std::vector<std::string>* replaced = nullptr) const;
  Result<std::vector<PortSockets>> sockets_of(const rules::Listener& listener,
                                              const Endpoint& where, PortSharing sharing) const;
  PortSharing sharing_of(const rules::Listener& listener, const Endpoint& where,
                         const ComingListeners& all) const;
  // Those that there are, but `without`.
  ComingListeners staying(const std::vector<std::string>& without) const;
  // Fail when a file that it names cannot be used.
  Result<std::shared_ptr<Snapshot>> make_snapshot(const rules::Config& config) const;
  Result<void> add_to(Snapshot& snapshot, const rules::Config& config) const;
  // Its rules are those that were loaded: the ones in force may be none.
  void load(std::shared_ptr<Snapshot> snapshot, Sockets sockets);
  // The same ports, with these rules.
  void put_in_force(std::shared_ptr<const rules::RuleSet> rules);
  std::shared_ptr<const rules::RuleSet> in_force() const;
  void publish(std::shared_ptr<const Snapshot> snapshot, Sockets sockets);
  // The names of destinations are remembered if a listener knows destinations.
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
  std::shared_ptr<const Snapshot> snapshot_;  // with no rules while halted
  bool halted_ = false;
  rules::RuleHistory history_;
  std::uint64_t past_turns_ = 0;
  std::map<std::string, Port> ports_;
  Sockets inherited_;
  EventBuffer events_;
  bool accepting_ = true;
};

}  // namespace brownout::proxy
