// Flow: one client connection and the server connection that belongs to it.
//
// accepted -> (accept_delay) -> (connect_delay) -> dialling -> serving -> over
//
// FIN, RST and half-close pass through as themselves. A client whose server cannot be reached gets
// a RST, not a silent close. Owned by its worker, which destroys it between turns. Loop's thread
// only.
#pragma once

#include <memory>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/connector.h"
#include "proxy/net/host.h"
#include "proxy/net/pipe.h"
#include "rules/plan.h"

namespace brownout::proxy {

class FlowHost : public Host {
 public:
  virtual void flow_over(Flow& flow) = 0;
};

enum class How {
  kClose,   // both sockets are done with
  kReset,   // RST to both
  kLinger,  // FIN to both, then read what still comes, so that no RST overtakes what was sent
};

class Flow final : public Retirable, private Deadline, private Connector::Owner {
 public:
  Flow(FlowHost& host, std::shared_ptr<const ListenerView> listener,
       std::shared_ptr<UpstreamGroup> group, Fd client, rules::FlowFacts facts);
  ~Flow() override;

  // Runs the connection-level faults and goes on from there.
  void start();
  // The rules changed.
  void apply(const rules::RuleSet& set);
  void end(How how);

  const rules::FlowFacts& facts() const { return facts_; }
  const rules::Listener& listener() const { return listener_->config; }
  ListenerStats& stats() const { return *listener_->stats; }
  bool over() const { return state_ == State::kOver || state_ == State::kLingering; }
  std::size_t index = 0;  // in the worker's list

 private:
  friend class Pipe;
  friend struct End;
  enum class State { kWaiting, kHanging, kAnswering, kDialling, kServing, kLingering, kOver };

  void on_end_ready(End& end, std::uint32_t events) noexcept;
  void on_due(Instant now) noexcept override;
  void on_connected(Fd fd, const SocketAddress& server, std::uint32_t events) override;
  void on_connect_failed(const Error& error) override;
  rules::Admission admit(const SocketAddress& server) override;
  void on_connect_stopped(rules::Admission admission) override;
  void wait_to_answer(std::string answer);
  void answer(const End& end, std::string_view bytes);

  void wait_or_dial(Duration wait);
  void dial();
  void serve(std::uint32_t events);
  void end_failed(End& end);
  void direction_finished(rules::Direction direction);
  void count(rules::Direction direction, std::size_t bytes) { host_.count_bytes(direction, bytes); }
  void linger();
  void discard();
  void release();
  void arm();
  void check_abandoned();
  Pipe& from(const End& end) { return &end == &client_ ? upstream_ : downstream_; }
  Pipe& to(const End& end) { return &end == &client_ ? downstream_ : upstream_; }

  FlowHost& host_;
  std::shared_ptr<const ListenerView> listener_;
  std::shared_ptr<UpstreamGroup> group_;
  rules::FlowFacts facts_;
  End client_;
  End server_;
  Pipe upstream_;    // client to server
  Pipe downstream_;  // server to client
  std::vector<rules::RuleRef> rules_;
  std::vector<std::shared_ptr<void>> leases_;
  std::vector<std::shared_ptr<void>> dial_leases_;  // of the server that is dialled
  rules::FlowActivity activity_;
  std::unique_ptr<Connector> connector_;
  Duration connect_delay_{};
  std::string answer_;
  State state_ = State::kWaiting;
};

}  // namespace brownout::proxy
