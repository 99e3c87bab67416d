#include "proxy/dns/transfer.h"

#include <cerrno>
#include <utility>

#include "proxy/net/connector.h"
#include "rules/base/describe.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kMostBehindFirst = 1 << 20;

}  // namespace

DnsTransfer::DnsTransfer(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group,
                         Calls calls, DnsQueryPtr query)
    : loop_(loop),
      batch_(batch),
      group_(std::move(group)),
      calls_(std::move(calls)),
      query_(std::move(query)),
      ordinal_(query_->facts.ordinal),
      stream_(query_->stream),
      id_(codecs::read_dns_header(query_->message)->id),
      order_(group_->order(query_->facts.key(), ordinal_, Loop::now())),
      end_(query_->message) {}

DnsTransfer::~DnsTransfer() { loop_.deadlines().cancel(*this); }

// Sends the query to the next server to which a connection can be opened, beginning at attempt_.
void DnsTransfer::ask() {
  for (; attempt_ < order_.size(); ++attempt_) {
    const auto& server = group_->server(order_[attempt_]);
    auto session = group_->tls() ? group_->tls()->session(server.host) : nullptr;
    link_ = open_stream_link(static_cast<DnsLink::Owner&>(*this), 0,
                             group_->route().dial(*SocketAddress::of(server)), std::move(session));
    if (link_) {
      link_->send(query_->message);
      link_->flush();
      return wait_for_more();
    }
    group_->mark_failed(order_[attempt_], describe(connect_error(errno)), Loop::now());
  }
  stop();
  calls_.answered(*this, std::move(query_), {}, false);
}

void DnsTransfer::next_server(const std::string& why) {
  group_->mark_failed(order_[attempt_], why, Loop::now());
  ++attempt_;
  link_->pause();  // a paused link ignores events that still arrive in this loop iteration
  loop_.retire(std::move(link_));
  ask();
}

void DnsTransfer::answered(std::size_t, std::span<std::byte> message) {
  const auto header = codecs::read_dns_header(message);
  if (over_ || whole_ || !header || !header->response || header->id != id_) return;
  // Checks the question of the first message only: later messages may omit it (RFC 5936, section
  // 2.2.1).
  if (query_ && header->questions != 0 &&
      !codecs::same_question(query_->question(), codecs::find_dns_question(message))) {
    return;
  }
  whole_ = end_.add(message);
  query_ ? answered_first(message) : answered_more(message);
}

void DnsTransfer::answered_first(std::span<std::byte> message) {
  group_->mark_working(order_[attempt_]);
  const bool more = !whole_;
  more ? wait_for_more() : stop();
  calls_.answered(*this, std::move(query_), message, more);
}

void DnsTransfer::answered_more(codecs::ByteView message) {
  if (begun_) {
    calls_.part(*this, message, whole_);
    return whole_ ? finish(false) : wait_for_more();
  }
  behind_.emplace_back(message.begin(), message.end());
  behind_bytes_ += message.size();
  if (behind_bytes_ > kMostBehindFirst) pause();
  wait_for_more();
}

void DnsTransfer::begin() {
  if (over_ || std::exchange(begun_, true)) return;
  resume();
  while (!behind_.empty() && !over_) {
    const auto message = std::move(behind_.front());
    behind_.pop_front();
    calls_.part(*this, message, whole_ && behind_.empty());
  }
  if (whole_) finish(false);
}

// Sets the time limit for the next message to query_timeout, unless the transfer is paused.
void DnsTransfer::wait_for_more() {
  const bool waits = !over_ && !whole_ && !paused_;
  loop_.deadlines().set(*this,
                        waits ? rules::later(Loop::now(), group_->config().query_timeout) : kNever);
}

void DnsTransfer::pause() {
  paused_ = true;
  if (link_) link_->pause();
  wait_for_more();
}

void DnsTransfer::resume() {
  if (over_ || !std::exchange(paused_, false)) return;
  link_->resume();
  wait_for_more();
}

void DnsTransfer::stop() {
  over_ = true;
  loop_.deadlines().cancel(*this);
  // A paused link does not read; the link is destroyed later.
  if (link_) link_->pause();
}

void DnsTransfer::finish(bool unfinished) {
  if (over_) return;
  stop();
  calls_.over(*this, unfinished);
}

void DnsTransfer::link_failed(std::size_t, const std::string& why) {
  if (over_ || whole_) return;
  if (query_)
    return next_server(
        why.empty() ? "closed the connection without an answer (check that it serves DNS over TCP)"
                    : why);
  finish(true);
}

void DnsTransfer::on_due(Instant) noexcept {
  if (query_) return next_server(no_answer_within(group_->config().query_timeout));
  finish(true);
}

}  // namespace brownout::proxy
