#include "proxy/flow/udp_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/intercept/interception.h"
#include "proxy/net/connector.h"
#include "rules/base/describe.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kMostEarly = 64;
constexpr std::size_t kMostEarlyBytes = 64 * 1024;
constexpr Duration kRefusedFor = std::chrono::milliseconds(500);
// Limit of batches in one iteration of the event loop, so that other sessions are served too.
constexpr int kSessionBatchesPerTurn = 4;

}  // namespace

UdpSession::UdpSession(UdpSessionHost& server, std::shared_ptr<UpstreamGroup> group,
                       const SocketAddress& client, const LocalAddress& local,
                       rules::FlowFacts facts)
    : server_(server),
      loop_(server.host().loop()),
      group_(std::move(group)),
      client_(client),
      local_(local),
      facts_(std::move(facts)),
      turns_(server.host(), facts_, rules::Protocol::kUdp),
      last_seen_(facts_.opened),
      idle_check_(rules::later(facts_.opened, server.view().config.idle_timeout)) {
  facts_.activity = &activity_;
  activity_.last = facts_.opened;
}

UdpSession::~UdpSession() {
  if (memory_ > 0) server_.view().stats->held.fetch_sub(memory_, std::memory_order_relaxed);
  if (fd_) loop_.poller().forget(fd_.get());
}

void UdpSession::Side::injected(const rules::Rule& rule, rules::Direction where,
                                const rules::Note& note) {
  session.server_.host().record(session.facts_, rule, where, note);
}

// The server of a rejected answer learns nothing: that is a message to another machine.
void UdpSession::Side::reject(const rules::Chunk& datagram) {
  if (direction == rules::Direction::kUpstream) session.server_.reject(session, datagram.size());
}

void UdpSession::start() {
  Host& host = server_.host();
  if (host.rules().may_match(facts_.listener)) {
    auto arrival = rules::plan_arrival(host.rules(), facts_);
    rules_ = std::move(arrival.rules);
    leases_ = std::move(arrival.admission.leases);
    record(arrival);
    if (!arrival.admission.serves()) return refuse(facts_.opened);
  }
  arm();
  index_ = group_->order(facts_.key(), facts_.ordinal, facts_.opened).front();
  const Endpoint& server = group_->server(index_);
  if (const auto literal = SocketAddress::of(server)) return open(*literal);
  lookup_ends_ = rules::later(facts_.opened, group_->config().connect_timeout);
  arm();
  ticket_ = host.resolver().resolve(
      server.host, [this, port = server.port](const auto& answer) { resolved(answer, port); });
}

void UdpSession::record(const rules::Arrival& arrival) {
  for (const auto& [rule, note] : arrival.notes) {
    server_.host().record(facts_, *rule, rules::Direction::kUpstream, note);
  }
}

// Drops the session's datagrams for kRefusedFor. Then the session ends, and the client's next
// datagram opens a session under the rules of that moment.
void UdpSession::refuse(Instant now) {
  state_ = State::kRefused;
  turns_.broke();
  for (const auto& datagram : std::exchange(early_, {})) {
    if (rejects_) server_.reject(*this, datagram.size());
  }
  idle_check_ = rules::later(now, kRefusedFor);
  arm();
}

void UdpSession::resolved(const Result<std::vector<IpAddress>>& answer, std::uint16_t port) {
  lookup_ends_ = kNever;
  if (answer && !answer->empty()) return open(SocketAddress::of(answer->front(), port));
  group_->mark_failed(index_,
                      answer ? "DNS has no address for the server's name (correct the name, or "
                               "give the server's IP address)"
                             : describe(answer.error()),
                      Loop::now());
  server_.view().stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
  end();
}

void UdpSession::open(const SocketAddress& server) {
  facts_.destination = server.ip();
  facts_.destination_port = server.port();
  const auto& set = server_.host().rules();
  if (set.may_match(facts_.listener)) {
    const auto arrival = rules::plan_dial(set, facts_, Loop::now());
    record(arrival);
    rejects_ = arrival.admission.verdict == rules::Admission::Verdict::kRefuse;
    if (rejects_) server_.session_refused();
    if (!arrival.admission.serves()) {
      server_.host().dial_stopped(facts_);
      return refuse(Loop::now());
    }
  }
  fd_ = group_->route().connect_datagrams(server);
  if (!fd_ || !loop_.poller().add(fd_.get(), *this)) {
    const int error = errno;
    server_.view().stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
    server_.datagrams_lost(early_.size(), error);
    return end();
  }
  state_ = State::kServing;
  const auto now = Loop::now();
  take_rules(now);
  server_.host().flow_opened(facts_);
  for (const auto& datagram : std::exchange(early_, {})) push(upstream_, datagram.bytes(), now);
  flush();
}

void UdpSession::take_rules(Instant now) {
  const auto& set = server_.host().rules();
  if (set.may_match(facts_.listener)) rules::plan_server(set, facts_, rules_);
  server_.budget();
  for (Side* side : {&upstream_, &downstream_}) {
    side->chain.set_rules(rules::for_direction(rules_, side->direction), now);
  }
}

void UdpSession::apply(const rules::RuleSet& set, Instant now) {
  if (state_ != State::kServing && state_ != State::kResolving) return;
  rules_ = rules::plan_reload(set, facts_, rules_);
  if (state_ != State::kServing) return;
  server_.budget();
  for (Side* side : {&upstream_, &downstream_}) {
    side->chain.set_rules(rules::for_direction(rules_, side->direction), now);
  }
  flush();
}

bool UdpSession::from_client(std::span<const std::byte> datagram, Instant now) {
  last_seen_ = now;
  turns_.from_client(datagram.size());
  switch (state_) {
    case State::kServing:
      break;
    case State::kResolving:
      keep_early(datagram);
      return false;
    default:
      if (rejects_) server_.reject(*this, datagram.size());
      return false;
  }
  const bool first = upstream_.straight.empty() && upstream_.ready.empty();
  if (upstream_.chain.empty()) {
    upstream_.straight.push_back(datagram);
  } else {
    push(upstream_, datagram, now);
  }
  return first;
}

void UdpSession::keep_early(std::span<const std::byte> datagram) {
  std::size_t bytes = datagram.size();
  for (const auto& early : early_) bytes += early.size();
  if (early_.size() >= kMostEarly || bytes > kMostEarlyBytes) {
    return server_.datagrams_lost(1, ENOBUFS);
  }
  early_.push_back(rules::Chunk::copy_of(datagram));
}

void UdpSession::push(Side& side, std::span<const std::byte> datagram, Instant now) {
  const auto most = static_cast<std::size_t>(server_.view().config.buffer.count);
  server_.budget();
  side.chain.advance(now);
  if (side.chain.held() + datagram.size() > most) {
    server_.host().buffer_full(server_.view().config);
    return server_.datagrams_lost(1, ENOBUFS);
  }
  const auto most_in_all = static_cast<std::size_t>(server_.view().config.buffer_total.count);
  if (server_.view().stats->held.load(std::memory_order_relaxed) >= most_in_all) {
    server_.held_full(facts_);
    return server_.datagrams_lost(1, ENOBUFS);
  }
  side.chain.push(rules::Chunk::copy_of(datagram), now);
}

void UdpSession::flush() {
  if (over()) return;
  send(upstream_);
  if (!over()) send(downstream_);
  if (over()) return;
  if (upstream_.closed || downstream_.closed) return end();
  arm();
}

void UdpSession::send(Side& side) {
  if (side.straight.empty() && side.ready.empty()) return;
  const bool up = &side == &upstream_;
  DatagramSender sender;
  const auto add = [&](std::span<const std::byte> bytes) {
    up ? sender.add(bytes) : sender.add(bytes, client_, local_);
  };
  // First sends the datagrams that faults have released: they are older than the datagrams on
  // which no rule acts.
  for (const auto& chunk : side.ready) add(chunk.bytes());
  for (const auto& bytes : side.straight) add(bytes);
  bytes_[static_cast<std::size_t>(side.direction)] += sender.bytes();
  server_.host().count_bytes(*server_.view().stats, side.direction, sender.bytes());
  int error = 0;
  if (!up) turns_.to_client(sender.bytes());
  const auto lost = up ? sender.send(fd_, error)
                       : sender.send(server_.socket(), error, server_.host().interception().raw());
  side.ready.clear();
  side.straight.clear();
  if (lost > 0) server_.datagrams_lost(lost, error);
  if (up && error == ECONNREFUSED) server_failed(error);
}

// Handles the ICMP message "port unreachable" of the server's host. If the group has another
// server, the client's next datagram opens a session to that server.
void UdpSession::server_failed(int error) {
  group_->mark_failed(index_, datagram_error(error), Loop::now());
  if (group_->config().servers.size() > 1) return end();
  if (error == ECONNREFUSED) server_.pass_on_refusal(*this);
}

void UdpSession::on_ready(std::uint32_t) noexcept {
  DatagramBatch& batch = server_.batch();
  for (int turn = 0; turn < kSessionBatchesPerTurn && !over(); ++turn) {
    int error = 0;
    const auto count = batch.receive(fd_, error);
    if (error != 0) {
      server_failed(error);
      continue;
    }
    if (count == 0) return;
    group_->mark_working(index_);
    const auto now = Loop::now();
    last_seen_ = now;
    for (std::size_t i = 0; i < count; ++i) {
      if (downstream_.chain.empty()) {
        downstream_.straight.push_back(batch.bytes(i));
      } else {
        push(downstream_, batch.bytes(i), now);
      }
    }
    flush();
    if (count < DatagramBatch::kMost) return;
  }
  if (!over()) loop_.poller().again(fd_.get());
}

void UdpSession::arm() {
  if (upstream_.chain.late() || downstream_.chain.late()) server_.session_late(*this);
  const auto next = std::min(upstream_.deadline(), downstream_.deadline());
  loop_.deadlines().set(*this, std::min({next, idle_check_, lookup_ends_}));
  count_held();
}

void UdpSession::count_held() {
  held_bytes_.set(held());
  const auto count = upstream_.chain.held_datagrams() + downstream_.chain.held_datagrams();
  const auto memory = held() + count * rules::Listener::kDatagramMemory;
  if (memory == memory_) return;
  // Correct even if the difference is negative, since unsigned addition wraps around.
  server_.view().stats->held.fetch_add(memory - memory_, std::memory_order_relaxed);
  memory_ = memory;
}

void UdpSession::on_due(Instant now) noexcept {
  if (now >= lookup_ends_) {
    return resolved(tl::unexpected(Error{Origin::kUpstream,
                                         "name lookup: no resolver answered within " +
                                             rules::to_text(group_->config().connect_timeout),
                                         "check the nameservers in /etc/resolv.conf",
                                         {}}),
                    0);
  }
  // Checks at intervals whether the session is idle, which costs less than moving a deadline at
  // each datagram.
  if (now >= idle_check_) {
    if (state_ == State::kRefused) return end();
    const bool waiting = memory_ > 0;
    idle_check_ = rules::later(waiting ? now : last_seen_, server_.view().config.idle_timeout);
    if (idle_check_ <= now) return end();
  }
  server_.budget();
  upstream_.chain.advance(now);
  downstream_.chain.advance(now);
  flush();
}

FlowStatus UdpSession::status() const {
  auto status = status_of(facts_, rules_);
  status.bytes = bytes_;
  status.held = {upstream_.chain.held(), downstream_.chain.held()};
  return status;
}

void UdpSession::end() {
  if (over()) return;
  if (state_ == State::kServing) server_.host().flow_closed(facts_);
  state_ = State::kOver;
  ticket_ = {};
  turns_.over();
  loop_.deadlines().cancel(*this);
  // Subtracts the bytes now, since the UdpServer may be destroyed before this session.
  server_.view().stats->held.fetch_sub(std::exchange(memory_, 0), std::memory_order_relaxed);
  server_.session_over(*this);
}

}  // namespace brownout::proxy
