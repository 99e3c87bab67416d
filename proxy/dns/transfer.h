// DnsTransfer: a zone transfer (AXFR, IXFR) that a client asks for by TCP: one query, many messages
// for an answer (RFC 5936, 2.2). They pass in order, no faster than the client reads them.
//
// It has a connection of its own to the server, with the client's id, so that neither its length
// nor its client's pace holds up other queries. Servers are tried in the group's order until one
// answers; one that then stops for query_timeout, or goes away, has left the transfer unfinished.
//
// Rules act on the query and on the first message. What follows passes as it is, and waits for the
// first where that is delayed or held. Owned by a DnsServer; loop's thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "proxy/dns/link.h"
#include "proxy/dns/query.h"
#include "proxy/net/upstream_group.h"
#include "rules/protocols/dns/codec/dns_transfer.h"

namespace brownout::proxy {

class DnsTransfer final : public Retirable, private DnsLink::Owner, private Deadline {
 public:
  // All are set. Each call but part() may be the last thing that the transfer does.
  struct Calls {
    // The first message, with the query; begin() says when it has been sent. Where no more follow,
    // or it is empty since no server answered, the transfer is over.
    std::function<void(DnsTransfer& transfer, DnsQueryPtr query, std::span<std::byte> message,
                       bool more)>
        answered;
    // One of those behind it; pause() while the client has enough to read.
    std::function<void(DnsTransfer& transfer, codecs::ByteView message, bool last)> part;
    // The last has passed; or, if `unfinished`, it will never come.
    std::function<void(DnsTransfer& transfer, bool unfinished)> over;
  };

  DnsTransfer(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group, Calls calls,
              DnsQueryPtr query);
  ~DnsTransfer() override;

  void start() { ask(); }
  // The first message is on its way to the client: the others may follow.
  void begin();
  void pause();
  void resume();
  // Nothing is called from now on.
  void stop();

  std::uint64_t ordinal() const { return ordinal_; }  // of the query
  std::uint64_t stream() const { return stream_; }    // of the client

 private:
  // DnsLink::Owner
  Loop& loop() override { return loop_; }
  DatagramBatch& batch() override { return batch_; }
  void answered(std::size_t link, std::span<std::byte> message) override;
  void answers_over() override {}
  void link_failed(std::size_t link, const std::string& why) override;

  void ask();
  void next_server(const std::string& why);
  void answered_first(std::span<std::byte> message);
  void answered_more(codecs::ByteView message);
  void wait_for_more();
  void finish(bool unfinished);
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  DatagramBatch& batch_;
  std::shared_ptr<UpstreamGroup> group_;
  Calls calls_;
  DnsQueryPtr query_;  // until it is answered
  std::uint64_t ordinal_;
  std::uint64_t stream_;
  std::uint16_t id_;
  std::vector<std::size_t> order_;  // of servers
  std::size_t attempt_ = 0;
  std::unique_ptr<DnsLink> link_;
  codecs::DnsTransferEnd end_;
  std::deque<codecs::Bytes> behind_;  // the first, which has not been sent
  std::size_t behind_bytes_ = 0;
  bool begun_ = false;  // the first has been sent
  bool whole_ = false;  // the last has come
  bool paused_ = false;
  bool over_ = false;
};

}  // namespace brownout::proxy
