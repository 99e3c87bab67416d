#include "proxy/dns/forwarder.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "proxy/net/connector.h"
#include "rules/base/describe.h"

namespace brownout::proxy {
namespace {

// For each resolver, a query uses one of eight UDP sockets, chosen at random, or one TCP or TLS
// connection.
constexpr std::size_t kUdpLinks = 8;
constexpr std::size_t kLinksPerServer = kUdpLinks + 1;
constexpr std::size_t kRandoms = 512;
// Limit of pending queries on one socket or connection. With almost all 65,536 ids in use, finding
// a free id at random would take many attempts.
constexpr std::size_t kMostOfLink = 49'152;

}  // namespace

DnsForwarder::DnsForwarder(Loop& loop, DatagramBatch& batch, std::shared_ptr<UpstreamGroup> group,
                           Calls calls)
    : loop_(loop), batch_(batch), group_(std::move(group)), calls_(std::move(calls)) {
  links_.resize(group_->config().servers.size() * kLinksPerServer);
  ids_taken_.resize(links_.size());
}

DnsForwarder::~DnsForwarder() = default;

std::uint16_t DnsForwarder::random() {
  if (randoms_.empty()) {
    randoms_.resize(kRandoms);
    // getrandom(2) cannot fail once the kernel's random number generator is seeded.
    [[maybe_unused]] const auto got =
        getrandom(randoms_.data(), randoms_.size() * sizeof(std::uint16_t), 0);
  }
  const auto number = randoms_.back();
  randoms_.pop_back();
  return number;
}

void DnsForwarder::forward(DnsQueryPtr query) {
  const auto now = query->facts.opened;
  auto order = group_->order(query->facts.key(), query->facts.ordinal, now);
  Pending pending;
  pending.query = std::move(query);
  pending.order = std::move(order);
  ask(std::move(pending));
}

std::optional<std::uint64_t> DnsForwarder::free_key(std::size_t server,
                                                    rules::Transport transport) {
  const bool stream = group_->tls() || transport == rules::Transport::kTcp;
  const std::size_t first = stream ? 0 : random();
  for (std::size_t i = 0; i < (stream ? 1 : kUdpLinks); ++i) {
    const auto port = stream ? kUdpLinks : (first + i) % kUdpLinks;
    const auto link = server * kLinksPerServer + port;
    if (ids_taken_[link] >= kMostOfLink) continue;
    while (true) {
      const auto key = std::uint64_t{link} << 16 | random();
      if (!pending_.contains(key)) return key;
    }
  }
  return std::nullopt;
}

DnsLink* DnsForwarder::link_of(std::size_t index) {
  auto& link = links_[index];
  if (link && !link->usable()) loop_.retire(std::move(link));
  if (!link) {
    const auto& server = group_->server(index / kLinksPerServer);
    const auto address = *SocketAddress::of(server);
    auto& owner = static_cast<DnsLink::Owner&>(*this);
    if (index % kLinksPerServer == kUdpLinks) {
      auto session = group_->tls() ? group_->tls()->session(server.host) : nullptr;
      link = open_stream_link(owner, index, group_->route().dial(address), std::move(session));
    } else {
      link = open_udp_link(owner, index, group_->route().connect_datagrams(address));
    }
  }
  return link.get();
}

// Sends the query to the first server, from `attempt` on, that has a free id and a usable link.
void DnsForwarder::ask(Pending pending) {
  bool crowded = false;
  for (; pending.attempt < pending.order.size(); ++pending.attempt) {
    const auto server = pending.order[pending.attempt];
    const auto key = free_key(server, pending.query->transport());
    crowded = !key;
    if (crowded) continue;
    if (auto* link = link_of(*key >> 16)) return send(std::move(pending), *key, *link);
    group_->mark_failed(server, describe(connect_error(errno)), Loop::now());
  }
  if (crowded) return calls_.crowded(std::move(pending.query));
  calls_.answered(std::move(pending.query), {});
}

void DnsForwarder::send(Pending pending, std::uint64_t key, DnsLink& link) {
  const std::size_t index = key >> 16;
  pending.number = ++numbers_;
  pending.sent = pending.query->message;
  codecs::set_dns_id(pending.sent, static_cast<std::uint16_t>(key & 0xffff));
  due_.push_back({rules::later(Loop::now(), group_->config().query_timeout), key, pending.number});
  const auto placed = pending_.emplace(key, std::move(pending)).first;
  ++ids_taken_[index];
  link.send(placed->second.sent);
  touched_.push_back(index);
  if (due_.size() == 1) arm();
}

void DnsForwarder::flush() {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  // Sends what the links have collected. A link that fails moves its queries to other links, which
  // are then added to touched_ for the next call.
  for (const auto index : std::exchange(touched_, {})) {
    if (links_[index]) links_[index]->flush();
  }
}

void DnsForwarder::answered(std::size_t link, std::span<std::byte> message) {
  const auto header = codecs::read_dns_header(message);
  if (!header || !header->response) return;
  const auto found = pending_.find(std::uint64_t{link} << 16 | header->id);
  if (found == pending_.end()) return;  // the query of this late answer has timed out
  auto& query = found->second.query;
  const auto asked = query->question();
  const auto answered = codecs::find_dns_question(message);
  // Accepts an answer without a question if the resolver could not parse the query.
  const bool refusal = header->questions == 0 && message.size() == codecs::kDnsHeader;
  if (!refusal && !codecs::same_question(asked, answered)) {
    if (!std::exchange(warned_spoof_, true)) {
      spdlog::warn(
          "upstream {}: ignored an answer whose question differs from the query (it may be "
          "spoofed: check which machines can send packets with the address of a resolver)",
          group_->config().name);
    }
    return;
  }
  auto done = take(found);
  group_->mark_working(done.order[done.attempt]);
  calls_.answered(std::move(done.query), message);
}

DnsForwarder::Pending DnsForwarder::take(Table::iterator where) {
  --ids_taken_[where->first >> 16];
  auto pending = std::move(where->second);
  pending_.erase(where);
  return pending;
}

std::vector<DnsQueryPtr> DnsForwarder::give_up() {
  std::vector<std::pair<std::uint64_t, DnsQueryPtr>> waiting;
  for (auto& [key, pending] : pending_) {
    waiting.emplace_back(pending.number, std::move(pending.query));
  }
  std::sort(waiting.begin(), waiting.end());
  pending_.clear();
  ids_taken_.assign(ids_taken_.size(), 0);
  std::vector<DnsQueryPtr> queries;
  for (auto& [number, query] : waiting) queries.push_back(std::move(query));
  return queries;
}

// Moves the pending queries of a failed link to the next server. If the resolver has only closed
// the connection, as it may at any time (RFC 7766, section 6.2.4), each query is first tried again
// on a new one.
void DnsForwarder::link_failed(std::size_t link, const std::string& why) {
  const auto server = link / kLinksPerServer;
  const bool closed = why.empty();
  if (!closed) group_->mark_failed(server, why, Loop::now());
  std::vector<Pending> moved;
  for (auto next = pending_.begin(); next != pending_.end();) {
    const auto here = next++;
    if (here->first >> 16 == link) moved.push_back(take(here));
  }
  for (auto& pending : moved) {
    if (closed && !std::exchange(pending.reopened, true)) {
      ask(std::move(pending));
    } else {
      next_server(std::move(pending));
    }
  }
  flush();
  calls_.answers_over();
}

void DnsForwarder::next_server(Pending pending) {
  ++pending.attempt;
  ask(std::move(pending));
}

void DnsForwarder::arm() { loop_.deadlines().set(*this, due_.empty() ? kNever : due_.front().at); }

void DnsForwarder::on_due(Instant now) noexcept {
  while (!due_.empty() && due_.front().at <= now) {
    const auto due = due_.front();
    due_.pop_front();
    const auto found = pending_.find(due.key);
    if (found == pending_.end() || found->second.number != due.number) continue;
    auto pending = take(found);
    group_->mark_failed(pending.order[pending.attempt],
                        no_answer_within(group_->config().query_timeout), Loop::now());
    next_server(std::move(pending));
  }
  arm();
  flush();
  calls_.answers_over();
}

}  // namespace brownout::proxy
