// DnsTransfer: forwards one zone transfer (AXFR, IXFR) over TCP. One query is answered by many
// messages (RFC 5936, section 2.2), which pass in order, no faster than the client reads.
//
// The transfer uses its own connection to the server, with the client's id, so that neither its
// length nor a slow client delays other queries. Servers are tried in the group's order until one
// answers. If that server then sends nothing for query_timeout, or closes, the transfer is
// unfinished.
//
// Rules act on the query and on the first message. Later messages pass unchanged; they wait while a
// rule delays or holds the first. Owned by a DnsServer; use only on the event loop's thread.
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
  // Callbacks to the owner; all must be set. No call follows after stop().
  struct Calls {
    // Called with the first message and its query. The owner calls begin() once it has sent the
    // message. The transfer is over if `more` is false, or if the message is empty because no
    // server answered.
    std::function<void(DnsTransfer& transfer, DnsQueryPtr query, std::span<std::byte> message,
                       bool more)>
        answered;
    // Called with each later message. The owner calls pause() while the client reads too slowly,
    // and resume() afterwards.
    std::function<void(DnsTransfer& transfer, codecs::ByteView message, bool last)> part;
    // Called when the last message has passed. `unfinished` means that the last message will never
    // arrive.
    std::function<void(DnsTransfer& transfer, bool unfinished)> over;
  };

  DnsTransfer(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group, Calls calls,
              DnsQueryPtr query);
  ~DnsTransfer() override;

  void start() { ask(); }
  // Passes on the later messages. Call once the first message has been sent to the client.
  void begin();
  void pause();
  void resume();
  // Ends the transfer; no call follows.
  void stop();

  // ordinal of the transfer's query at its listener
  std::uint64_t ordinal() const { return ordinal_; }
  std::uint64_t stream() const { return stream_; }  // number of the client's connection

 private:
  // Overrides of DnsLink::Owner.
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
  DnsQueryPtr query_;  // null after the first message
  std::uint64_t ordinal_;
  std::uint64_t stream_;
  std::uint16_t id_;
  std::vector<std::size_t> order_;  // indices of servers, in the order to try
  std::size_t attempt_ = 0;
  std::unique_ptr<DnsLink> link_;
  codecs::DnsTransferEnd end_;
  std::deque<codecs::Bytes> behind_;  // later messages, kept until the first one is sent
  std::size_t behind_bytes_ = 0;
  bool begun_ = false;  // the first message has been sent
  bool whole_ = false;  // the last message has arrived
  bool paused_ = false;
  bool over_ = false;
};

}  // namespace brownout::proxy
