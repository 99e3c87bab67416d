// UdpSession: forwards the datagrams of one client address to a server, through its own socket.
//
// Datagrams that no rule acts on are forwarded in batches. The others become chunks, one per
// datagram, and pass the faults of their direction (rules::Chain). A session ends when neither
// direction has had a datagram for the listener's idle_timeout.
//
// Owned by its UdpServer, which destroys it between iterations of the event loop. Use only on the
// event loop's thread.
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

// The interface through which a session uses its UdpServer.
class UdpSessionHost {
 public:
  virtual ~UdpSessionHost() = default;
  virtual Host& host() = 0;
  virtual const ListenerView& view() const = 0;
  virtual DatagramBatch& batch() = 0;
  // the listener's socket, which sends datagrams to the client
  virtual const Fd& socket() const = 0;
  // Called when `count` datagrams of the session are dropped. `error` is the reason as an errno
  // value.
  virtual void datagrams_lost(std::size_t count, int error) = 0;
  // Called when a datagram of this session is dropped, because all sessions together hold as much
  // as the listener allows.
  virtual void held_full(const rules::FlowFacts& session) = 0;
  // Called when a rule rejects the session.
  virtual void session_refused() = 0;
  // Tells the session's client that no socket has the port to which it sent a datagram of `size`
  // bytes: since a rule rejects it, or since the server's kernel says so. Does nothing if this
  // process's kernel refuses to send the message.
  virtual void reject(const UdpSession& session, std::size_t size) = 0;
  virtual void pass_on_refusal(const UdpSession& session) = 0;
  virtual void session_over(UdpSession& session) = 0;
  // The limit of datagrams that all sessions together may send in this iteration of the event loop.
  virtual rules::EmitBudget& budget() = 0;
  // Called when the budget was used up before the session had sent all due datagrams. The server
  // calls UdpSession::go_on() in the next iteration.
  virtual void session_late(UdpSession& session) = 0;
};

class UdpSession final : public Retirable, private Ready, private Deadline {
 public:
  UdpSession(UdpSessionHost& server, std::shared_ptr<UpstreamGroup> group,
             const SocketAddress& client, const LocalAddress& local, rules::FlowFacts facts);
  ~UdpSession() override;

  // Begins the session: selects its rules and its server.
  void start();
  // Takes a datagram from the client. Its bytes must stay valid until flush(). Returns true if it
  // is the first datagram since the last flush().
  bool from_client(std::span<const std::byte> datagram, Instant now);
  // Sends the datagrams that wait for this call. Call after a batch of from_client().
  void flush();
  // Applies changed rules.
  void apply(const rules::RuleSet& set, Instant now);
  // Continues to send the datagrams that are due, after session_late().
  void go_on(Instant now) { on_due(now); }
  void end();

  FlowStatus status() const;

  const SocketAddress& client() const { return client_; }
  const LocalAddress& local() const { return local_; }
  const rules::FlowFacts& facts() const { return facts_; }
  bool over() const { return state_ == State::kOver; }

  // Place of the session in its server's list of late sessions, whose due datagrams leave in the
  // next iterations of the event loop. 0 if the session is not in the list.
  std::uint64_t late_since = 0;

 private:
  enum class State { kResolving, kServing, kRefused, kOver };

  // Datagrams of one direction: to the server or to the client.
  struct Side final : rules::ChainOutput {
    Side(UdpSession& owner, rules::Direction which)
        : session(owner), direction(which), chain(owner.facts_, which, *this) {
      chain.limit(owner.server_.budget());
    }
    // When the chain must run again. kNever if it is late, since the server's list of late sessions
    // then makes it run.
    Instant deadline() const { return chain.late() ? rules::kNever : chain.deadline(); }
    void emit(rules::Chunk chunk) override { ready.push_back(std::move(chunk)); }
    void finish() override {}
    void close(rules::Close) override { closed = true; }
    void answer(std::string_view) override { closed = true; }
    void reject(const rules::Chunk& datagram) override;
    void injected(const rules::Rule& rule, rules::Direction where,
                  const rules::Note& note) override;

    UdpSession& session;
    rules::Direction direction;
    rules::Chain chain;
    std::vector<rules::Chunk> ready;                   // datagrams that faults have released
    std::vector<std::span<const std::byte>> straight;  // datagrams that no rule acts on; not owned
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
  std::size_t held() const { return upstream_.chain.held() + downstream_.chain.held(); }
  void count_held();
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
  std::vector<rules::Chunk> early_;  // datagrams that arrived before the server's name was resolved
  Resolver::Ticket ticket_;
  std::size_t index_ = 0;  // index of the session's server in the group
  Fd fd_;
  rules::FlowActivity activity_;
  HeldBytes held_bytes_{server_.host().held_bytes()};
  std::size_t memory_ = 0;  // share of this session in ListenerStats::held
  Turns turns_;
  std::array<std::uint64_t, 2> bytes_{};
  Instant last_seen_;
  Instant idle_check_;
  Instant lookup_ends_ = kNever;  // when the lookup of the server's name times out
  State state_ = State::kResolving;
  bool rejects_ = false;  // whether the client learns that its datagrams are refused
};

}  // namespace brownout::proxy
