#include "proxy/flow/udp_server.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "proxy/intercept/interception.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

constexpr int kServerBatchesPerTurn = 8;

}  // namespace

std::size_t UdpServer::KeyHash::operator()(const Key& key) const {
  const auto* client = reinterpret_cast<const char*>(key.client.get());
  const auto* local = reinterpret_cast<const char*>(key.local.control.data());
  const std::hash<std::string_view> hash;
  return hash({client, key.client.length}) * 31 + hash({local, key.local.size});
}

bool UdpServer::Key::operator==(const Key& other) const {
  return client.length == other.client.length &&
         std::memcmp(client.get(), other.client.get(), client.length) == 0 && local == other.local;
}

UdpServer::UdpServer(Host& host, DatagramBatch& batch, std::shared_ptr<const ListenerView> view,
                     std::shared_ptr<UpstreamGroup> group, Fd socket)
    : host_(host),
      batch_(batch),
      view_(std::move(view)),
      group_(std::move(group)),
      socket_(std::move(socket)) {
  host_.loop().poller().add(socket_.get(), *this);
}

UdpServer::~UdpServer() {
  host_.loop().poller().remove(socket_.get());
  view_->stats->open.fetch_sub(static_cast<std::int64_t>(sessions_.size()),
                               std::memory_order_relaxed);
}

void UdpServer::set_view(std::shared_ptr<const ListenerView> view,
                         std::shared_ptr<UpstreamGroup> group) {
  view_ = std::move(view);
  group_ = std::move(group);
  warned_loss_ = false;
  warned_held_ = false;
}

void UdpServer::apply(const rules::RuleSet& set) {
  std::vector<UdpSession*> all;
  for (const auto& [client, session] : sessions_) all.push_back(session.get());
  const auto now = Loop::now();
  for (auto* session : all) session->apply(set, now);
}

void UdpServer::cut() {
  while (!sessions_.empty()) sessions_.begin()->second->end();
}

void UdpServer::list(FlowList& list) const {
  for (const auto& [client, session] : sessions_) {
    if (list.wants(session->facts())) list.flows.push_back(session->status());
  }
}

bool UdpServer::cut_session(std::uint64_t ordinal) {
  for (const auto& [client, session] : sessions_) {
    if (session->facts().ordinal != ordinal) continue;
    session->end();
    return true;
  }
  return false;
}

void UdpServer::session_over(UdpSession& session) {
  const auto found = sessions_.find({session.client(), session.local()});
  if (found == sessions_.end()) return;
  late_.erase(session.late_since);
  view_->stats->open.fetch_sub(1, std::memory_order_relaxed);
  host_.loop().retire(std::move(found->second));
  sessions_.erase(found);
}

void UdpServer::on_ready(std::uint32_t) noexcept {
  const bool more = receive_some();
  go_on_with_late();
  if (more || !late_.empty()) turn_again();
}

// Returns whether more datagrams may wait in the socket.
bool UdpServer::receive_some() {
  for (int turn = 0; turn < kServerBatchesPerTurn; ++turn) {
    int error = 0;
    const auto count = batch_.receive(socket_, error);
    if (count == 0 && error == 0) return false;
    take_batch(count);
    if (error == 0 && count < DatagramBatch::kMost) return false;
  }
  return true;
}

rules::EmitBudget& UdpServer::budget() {
  budget_.begin(host_.loop().iteration());
  return budget_;
}

void UdpServer::session_late(UdpSession& session) {
  if (session.late_since != 0) return;
  session.late_since = ++late_ones_;
  late_.emplace(session.late_since, &session);
  turn_again();
}

// Calls on_ready() in the next iteration of the event loop, once.
void UdpServer::turn_again() {
  const auto iteration = host_.loop().iteration();
  if (std::exchange(asked_in_, iteration) != iteration) host_.loop().poller().again(socket_.get());
}

// Continues to send due datagrams of late sessions (sessions with datagrams left over from an
// earlier iteration of the event loop), until the budget is spent. Sessions that still have due
// datagrams go to the end of the list.
void UdpServer::go_on_with_late() {
  const auto now = Loop::now();
  for (auto left = late_.size(); left > 0 && !late_.empty() && !budget().spent(); --left) {
    auto& session = *late_.begin()->second;
    late_.erase(late_.begin());
    session.late_since = 0;
    session.go_on(now);
  }
}

void UdpServer::take_batch(std::size_t count) {
  const auto now = Loop::now();
  for (std::size_t i = 0; i < count; ++i) {
    auto* session = session_of({batch_.from(i), batch_.to(i)}, now);
    if (session != nullptr && session->from_client(batch_.bytes(i), now)) {
      touched_.push_back(session);
    }
  }
  // A session that has ended is destroyed only after this loop iteration, so each pointer is valid.
  for (auto* session : touched_) session->flush();
  touched_.clear();
}

UdpSession* UdpServer::session_of(const Key& key, Instant now) {
  const auto& [client, local] = key;
  const auto found = sessions_.find(key);
  if (found != sessions_.end()) return found->second.get();
  if (static_cast<std::int64_t>(sessions_.size()) >= view_->config.sessions) {
    datagrams_lost(1, EMFILE);
    return nullptr;
  }
  rules::FlowFacts facts{.listener = view_->config.name,
                         .carrier = rules::Carrier::kDatagram,
                         .ordinal = view_->stats->arrivals.fetch_add(1) + 1,
                         .client = client.ip(),
                         .destination = std::nullopt,
                         .opened = now,
                         .client_port = client.port()};
  auto group = group_;
  if (view_->config.intercept != rules::Intercept::kNone) {
    auto& interception = host_.interception();
    if (!interception.resolve_datagram_destination(facts, client, socket_, local)) {
      datagrams_lost(1, EDESTADDRREQ);
      return nullptr;
    }
    group = interception.group_of(facts, host_.rules().seed(), false);
  }
  auto session = std::make_unique<UdpSession>(static_cast<UdpSessionHost&>(*this), group, client,
                                              local, std::move(facts));
  auto* opened = session.get();
  sessions_.emplace(key, std::move(session));
  view_->stats->open.fetch_add(1, std::memory_order_relaxed);
  opened->start();
  return opened->over() ? nullptr : opened;
}

void UdpServer::held_full(const rules::FlowFacts& session) {
  if (std::exchange(warned_held_, true)) return;
  warned_loss_ = true;
  host_.report(session, "limit reached",
               "faults hold " + rules::to_text(view_->config.buffer_total) +
                   " of datagrams in all sessions, the limit `buffer_total`; further "
                   "datagrams are dropped (raise `buffer_total` to avoid it)",
               true);
}

void UdpServer::session_refused() { view_->stats->refused.fetch_add(1, std::memory_order_relaxed); }

// Returns 0 or an errno.
int UdpServer::send_unreachable(const UdpSession& session, std::size_t size) const {
  const auto& facts = session.facts();
  const auto meant = facts.intercepted
                         ? SocketAddress::of(*facts.destination, facts.destination_port)
                         : received_at(socket_, session.local());
  return host_.interception().rejecter()->reject(session.client(), meant, size);
}

void UdpServer::reject(const UdpSession& session, std::size_t size) {
  const int error = send_unreachable(session, size);
  if (error == 0 || std::exchange(warned_refusal_, true)) return;
  spdlog::warn(
      "listener {}: datagrams that a rule rejects are dropped, because \"port unreachable\" (ICMP) "
      "cannot be sent: {}; run Brownout with the capability CAP_NET_RAW",
      rules::printable(view_->config.name), std::strerror(error));
}

void UdpServer::datagrams_lost(std::size_t count, int error) {
  if (count == 0) return;
  view_->stats->dropped.fetch_add(count, std::memory_order_relaxed);
  if (warned_loss_) return;
  warned_loss_ = true;
  const auto* why = error == EDESTADDRREQ
                        ? "their original destination is unknown (the lookup needs conntrack in "
                          "the kernel and the capability CAP_NET_ADMIN: run brownout as root)"
                    : error == EMFILE
                        ? "the limit `sessions` is reached, or no file descriptor is left "
                          "(raise `sessions` or `ulimit -n`)"
                        : std::strerror(error);
  spdlog::warn("listener {}: datagrams are dropped: {}", rules::printable(view_->config.name), why);
}

}  // namespace brownout::proxy
