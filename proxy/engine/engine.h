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

#include "proxy/control/event_log.h"
#include "proxy/engine/worker.h"
#include "rules/config.h"

namespace brownout::proxy {

struct EngineOptions {
  unsigned workers = 1;
  EventLog* events = nullptr;        // borrowed
  EventLog* flows = nullptr;         // borrowed
  FlowObserver* observer = nullptr;  // borrowed
};

class Engine final : private Deadline {
 public:
  struct ListenerStatus {
    std::string name;
    Endpoint bound;
    bool open = true;  // false while a rule keeps the port down
    const ListenerStats* stats = nullptr;
  };

  // `seed` is drawn if the file gives none.
  static Result<std::unique_ptr<Engine>> start(Loop& control, const rules::Config& config,
                                               const EngineOptions& options);
  ~Engine() override;

  Result<void> reload(const rules::Config& config);
  // Resets the live connections of a listener, which may be gone already, and forgets its sessions.
  void cut(const std::string& listener);
  // Returns when every worker has done what it was told so far. From any thread but theirs.
  void wait_for_workers() const;
  // No new connections from now on.
  void stop_accepting();
  void stop();

  std::uint64_t seed() const { return snapshot_->rules->seed(); }
  const rules::RuleSet& rules() const { return *snapshot_->rules; }
  std::vector<ListenerStatus> listeners() const;
  // The address of a listener, "" host if there is none of that name.
  Endpoint bound(const std::string& listener) const;
  std::int64_t open_flows() const;
  std::vector<std::int64_t> open_flows_by_worker() const;
  std::uint64_t bytes(rules::Direction direction) const;

 private:
  struct Port {
    Endpoint bound;
    bool open = false;
  };

  Engine(Loop& control, const EngineOptions& options);
  using Sockets = std::map<std::string, std::vector<PortSockets>>;
  Result<Sockets> bind_new(const rules::Config& config) const;
  OursAlready ours_at(const Endpoint& address) const;
  // Fails when a file that it names cannot be used.
  Result<std::shared_ptr<const Snapshot>> make_snapshot(const rules::Config& config) const;
  void publish(std::shared_ptr<const Snapshot> snapshot, Sockets sockets);
  void open_port(const std::string& name, std::vector<PortSockets> sockets);
  void close_port(const std::string& name);
  void follow_down_rules();
  void report_down(const std::string& name);
  void on_due(Instant now) noexcept override;

  Loop& control_;
  EngineOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::map<std::string, Port> ports_;
  EventBuffer events_;
  bool accepting_ = true;
};

}  // namespace brownout::proxy
