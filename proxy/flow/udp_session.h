// UdpSession: all datagrams of one client address, and the socket that goes to the server for it.
//
// Datagrams that no rule touches go on in batches, as they came. The others become chunks, one a
// datagram, and pass the chain of their direction. A session ends when neither direction has seen a
// datagram for the listener's idle_timeout.
//
// Owned by its server (udp_server.h), which destroys it between turns. Loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "proxy/flow/service.h"
#include "proxy/flow/turns.h"
#include "proxy/net/datagrams.h"
#include "rules/engine/chain.h"
#include "rules/engine/plan.h"

namespace brownout::proxy {

class UdpSession;

// What a session needs of its server.
class UdpSessionHost {
 public:
  virtual ~UdpSessionHost() = default;
  virtual Host& host() = 0;
  virtual const ListenerView& view() const = 0;
  virtual DatagramBatch& batch() = 0;
  virtual const Fd& socket() const = 0;  // that the client's datagrams came from
  virtual void datagrams_lost(std::size_t count, int error) = 0;
  // A rule refuses a session; all that can be done is to drop its datagrams.
  virtual void session_refused() = 0;
  virtual void session_over(UdpSession& session) = 0;
};

class UdpSession final : public Retirable, private Ready, private Deadline {
 public:
  UdpSession(UdpSessionHost& server, std::shared_ptr<UpstreamGroup> group,
             const SocketAddress& client, const LocalAddress& local, rules::FlowFacts facts);
  ~UdpSession() override;

  // Chooses rules and a server.
  void start();
  // The bytes must stay until flush(). True when a flush is needed that was not before.
  bool from_client(std::span<const std::byte> datagram, Instant now);
  void flush();
  void apply(const rules::RuleSet& set, Instant now);
  void end();

  FlowStatus status() const;

  const SocketAddress& client() const { return client_; }
  const LocalAddress& local() const { return local_; }
  const rules::FlowFacts& facts() const { return facts_; }
  bool over() const { return state_ == State::kOver; }

 private:
  enum class State { kResolving, kServing, kRefused, kOver };

  // One direction.
  struct Side final : rules::ChainOutput {
    Side(UdpSession& owner, rules::Direction which)
        : session(owner), direction(which), chain(owner.facts_, which, *this) {}
    void emit(rules::Chunk chunk) override { ready.push_back(std::move(chunk)); }
    void finish() override {}
    void close(rules::Close) override { closed = true; }
    void answer(std::string_view) override { closed = true; }
    void injected(const rules::Rule& rule, rules::Direction where,
                  const rules::Note& note) override;

    UdpSession& session;
    rules::Direction direction;
    rules::Chain chain;
    std::vector<rules::Chunk> ready;                   // out of the chain
    std::vector<std::span<const std::byte>> straight;  // past it, borrowed
    bool closed = false;
  };

  void resolved(const Result<std::vector<IpAddress>>& answer, std::uint16_t port);
  void open(const SocketAddress& server);
  void take_rules(Instant now);
  void record(const rules::Arrival& arrival);
  void refuse(Instant now);
  void keep_early(std::span<const std::byte> datagram);
  void push(Side& side, std::span<const std::byte> datagram, Instant now);
  void send(Side& side);
  void server_failed(int error);
  void arm();
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;

  UdpSessionHost& server_;
  Loop& loop_;
  std::shared_ptr<UpstreamGroup> group_;
  SocketAddress client_;
  LocalAddress local_;
  rules::FlowFacts facts_;
  Side upstream_{*this, rules::Direction::kUpstream};
  Side downstream_{*this, rules::Direction::kDownstream};
  std::vector<rules::RuleRef> rules_;
  std::vector<std::shared_ptr<void>> leases_;
  std::vector<rules::Chunk> early_;  // came before the server's name was resolved
  Resolver::Ticket ticket_;
  std::size_t index_ = 0;  // of the server in the group
  Fd fd_;
  rules::FlowActivity activity_;
  HeldBytes held_bytes_{server_.host().held_bytes()};
  Turns turns_;
  std::array<std::uint64_t, 2> bytes_{};
  Instant last_seen_;
  Instant idle_check_;
  Instant lookup_ends_ = kNever;  // of the server's name
  State state_ = State::kResolving;
};

}  // namespace brownout::proxy
