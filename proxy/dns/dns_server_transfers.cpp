// The part of DnsServer that forwards zone transfers (AXFR, IXFR).
#include "proxy/dns/dns_server.h"

namespace brownout::proxy {
namespace {

// A zone transfer pauses while more than this many bytes wait to be sent to its client.
constexpr std::size_t kMostAhead = 1 << 20;

}  // namespace

void DnsServer::start_transfer(DnsQueryPtr query, std::shared_ptr<UpstreamGroup> group) {
  const auto ordinal = query->facts.ordinal;
  auto& transfer = transfers_[ordinal];
  DnsTransfer::Calls calls{
      .answered = [this](DnsTransfer& from, DnsQueryPtr asked, std::span<std::byte> message,
                         bool more) { transfer_answered(from, std::move(asked), message, more); },
      .part = [this](DnsTransfer& from, codecs::ByteView message,
                     bool last) { transfer_part(from, message, last); },
      .over = [this](DnsTransfer& from, bool unfinished) { transfer_over(from, unfinished); }};
  transfer = std::make_unique<DnsTransfer>(loop_, batch_, std::move(group), std::move(calls),
                                           std::move(query));
  transfer->start();
}

void DnsServer::transfer_answered(DnsTransfer& transfer, DnsQueryPtr query,
                                  std::span<std::byte> message, bool more) {
  if (!more) {
    forget_transfer(transfer.ordinal());
  } else if (const auto client = streams_.find(transfer.stream()); client != streams_.end()) {
    client->second->expect_one();
  }
  answered(std::move(query), message);
}

void DnsServer::transfer_part(DnsTransfer& transfer, codecs::ByteView message, bool last) {
  const auto client = streams_.find(transfer.stream());
  if (client == streams_.end()) return;
  host_.count_bytes(*view_->stats, rules::Direction::kDownstream, message.size());
  if (!last) client->second->expect_one();
  auto& stream = *client->second;
  stream.answer(message, 0);
  if (stream.waiting() > kMostAhead) transfer.pause();
}

void DnsServer::transfer_over(DnsTransfer& transfer, bool unfinished) {
  const auto client = streams_.find(transfer.stream());
  forget_transfer(transfer.ordinal());
  // The server ended its connection during the zone transfer, so the client's connection is ended
  // too.
  if (unfinished && client != streams_.end()) client->second->end();
}

void DnsServer::transfer_begins(const DnsQuery& query) {
  const auto found = transfers_.find(query.facts.ordinal);
  if (found != transfers_.end()) found->second->begin();
}

// Drops the remaining messages of a zone transfer whose first message a rule dropped.
void DnsServer::transfer_lost(const DnsQuery& query) {
  if (!transfers_.contains(query.facts.ordinal)) return;
  forget_transfer(query.facts.ordinal);
  const auto client = streams_.find(query.stream);
  if (client != streams_.end()) client->second->forget_one();
}

void DnsServer::forget_transfer(std::uint64_t ordinal) {
  const auto found = transfers_.find(ordinal);
  if (found == transfers_.end()) return;
  found->second->stop();
  loop_.retire(std::move(found->second));
  transfers_.erase(found);
}

void DnsServer::stream_drained(DnsStreamClient& client) {
  for (const auto& [ordinal, transfer] : transfers_) {
    if (transfer->stream() == client.number()) transfer->resume();
  }
}

void DnsServer::stop_transfers_of(const DnsStreamClient& client) {
  for (auto next = transfers_.begin(); next != transfers_.end();) {
    const auto here = next++;
    if (here->second->stream() == client.number()) forget_transfer(here->first);
  }
}

}  // namespace brownout::proxy
