// DnsForwarder: sends queries to the resolvers of an upstream group, and matches their answers to
// the queries.
//
// Each query gets a random id and one of several random ports, on a socket that is connected to the
// resolver. An answer counts only if socket, id and question match (RFC 5452, section 9). Queries
// received over TCP are forwarded over TCP; if the upstream has TLS, all queries are forwarded over
// TLS.
//
// A resolver that does not answer within query_timeout counts as failed, and the next of the group
// is asked. After the last, the owner gets an empty answer. The owner limits the total of pending
// queries; the 16-bit id limits the pending queries on one socket or connection. Owned by a
// DnsServer; use only on the event loop's thread.
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
  // Callbacks to the owner; all must be set.
  struct Calls {
    // Called with the answer of a resolver, or with no bytes if no resolver answered. The bytes are
    // valid until answers_over().
    std::function<void(DnsQueryPtr query, std::span<std::byte> answer)> answered;
    // Called after the last answered() of one batch of messages, so that the owner sends them.
    std::function<void()> answers_over;
    // Called for a query that cannot be forwarded, because no id is free on the links to the
    // resolvers.
    std::function<void(DnsQueryPtr query)> crowded;
  };

  DnsForwarder(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group, Calls calls);
  ~DnsForwarder() override;

  // Forwards a query, at the next flush().
  void forward(DnsQueryPtr query);
  void flush();
  const std::shared_ptr<UpstreamGroup>& group() const { return group_; }
  std::size_t in_flight() const { return pending_.size(); }
  // Removes all pending queries and returns them, in the order in which they were forwarded.
  std::vector<DnsQueryPtr> give_up();

 private:
  struct Pending {
    DnsQueryPtr query;
    std::vector<std::size_t> order;  // indices of servers, in the order to try
    std::size_t attempt = 0;
    std::uint64_t number = 0;
    codecs::Bytes sent;     // the query as sent, with the id that this proxy chose
    bool reopened = false;  // the query was already sent a second time, on a new connection
  };
  struct Due {
    Instant at;
    std::uint64_t key;
    std::uint64_t number;  // distinguishes this query from an earlier one with the same key
  };

  // Overrides of DnsLink::Owner.
  Loop& loop() override { return loop_; }
  DatagramBatch& batch() override { return batch_; }
  void answered(std::size_t link, std::span<std::byte> message) override;
  void answers_over() override { calls_.answers_over(); }
  void link_failed(std::size_t link, const std::string& why) override;

  using Table = std::unordered_map<std::uint64_t, Pending>;  // the key is link << 16 | id

  void ask(Pending pending);
  void send(Pending pending, std::uint64_t key, DnsLink& link);
  Pending take(Table::iterator where);
  // Chooses a random DNS message id that is free on one of the server's links. Returns the key of
  // the query in `pending_` (link and id), or nothing if all ids are in use.
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
  std::vector<std::size_t> ids_taken_;  // number of ids in use on each link
  Table pending_;
  std::deque<Due> due_;  // sorted by time, since all queries have the same time-out
  std::vector<std::uint16_t> randoms_;
  std::uint64_t numbers_ = 0;
  bool warned_spoof_ = false;
};

}  // namespace brownout::proxy
