// DnsForwarder: asks resolvers, and finds out which answer belongs to which query.
//
// A query gets a random id on one of several random ports of its own, towards a resolver that is
// the socket's only peer; an answer counts only if id, socket and question agree (RFC 5452, 9).
// Queries that came over TCP go on over TCP; all go by TLS where the upstream has it. A resolver
// that does not answer within query_timeout counts as failed, and the next of the group is asked;
// when all have been, the owner is told so. The table is bounded, and so are the queries that wait
// on one link, by its ids. Owned by a DnsServer; loop's
// thread only.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/dns/link.h"
#include "proxy/dns/query.h"
#include "proxy/net/upstream_group.h"

namespace brownout::proxy {

class DnsForwarder final : public Retirable, private DnsLink::Owner, private Deadline {
 public:
  // All are set.
  struct Calls {
    // The answer of a resolver, which stays until answers_over(), or empty: none answered.
    std::function<void(DnsQueryPtr query, std::span<std::byte> answer)> answered;
    std::function<void()> answers_over;
    // As many wait for the resolvers already as there are ids to tell their answers apart.
    std::function<void(DnsQueryPtr query)> crowded;
  };

  DnsForwarder(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group, Calls calls);
  ~DnsForwarder() override;

  void forward(DnsQueryPtr query);
  // Sends what forward() gathered.
  void flush();
  const std::shared_ptr<UpstreamGroup>& group() const { return group_; }
  std::size_t in_flight() const { return pending_.size(); }
  // What still waits, in the order in which it was asked: somebody else's from now on.
  std::vector<DnsQueryPtr> give_up();

 private:
  struct Pending {
    DnsQueryPtr query;
    std::vector<std::size_t> order;  // of servers
    std::size_t attempt = 0;
    std::uint64_t number = 0;
    codecs::Bytes sent;     // the message with our id
    bool reopened = false;  // its connection was closed once already
  };
  struct Due {
    Instant at;
    std::uint64_t key;
    std::uint64_t number;  // a key may be in use again
  };

  // DnsLink::Owner
  Loop& loop() override { return loop_; }
  DatagramBatch& batch() override { return batch_; }
  void answered(std::size_t link, std::span<std::byte> message) override;
  void answers_over() override { calls_.answers_over(); }
  void link_failed(std::size_t link, const std::string& why) override;

  using Table = std::unordered_map<std::uint64_t, Pending>;  // by link << 16 | id

  void ask(Pending pending);
  void send(Pending pending, std::uint64_t key, DnsLink& link);
  Pending take(Table::iterator where);
  // None: the server's links have no ids left.
  std::optional<std::uint64_t> free_key(std::size_t server, rules::Transport transport);
  DnsLink* link_of(std::size_t index);
  void next_server(Pending pending);
  void arm();
  void on_due(Instant now) noexcept override;
  std::uint16_t random();

  Loop& loop_;
  DatagramBatch& batch_;
  std::shared_ptr<UpstreamGroup> group_;
  Calls calls_;
  std::vector<std::unique_ptr<DnsLink>> links_;
  std::vector<std::size_t> touched_;
  std::vector<std::size_t> ids_taken_;  // by link
  Table pending_;
  std::deque<Due> due_;  // one time-out for all: the first to come is the first to go
  std::vector<std::uint16_t> randoms_;
  std::uint64_t numbers_ = 0;
  bool warned_spoof_ = false;
};

}  // namespace brownout::proxy
