#include "proxy/dns/dns_server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "proxy/dns/other_name.h"
#include "proxy/intercept/interception.h"

namespace brownout::proxy {
namespace {

constexpr int kQueryBatchesPerTurn = 8;

DnsQueryPtr query_of(codecs::ByteView message, const SocketAddress& client,
                     rules::Transport transport) {
  auto query = std::make_unique<DnsQuery>();
  query->message.assign(message.begin(), message.end());
  query->client = client;
  query->facts.client = client.ip();
  query->facts.client_port = client.port();
  query->facts.dns.transport = transport;
  return query;
}

}  // namespace

DnsServer::DnsServer(Host& host, DatagramBatch& batch, std::shared_ptr<const ListenerView> view,
                     std::shared_ptr<UpstreamGroup> group, PortSockets sockets)
    : host_(host),
      loop_(host.loop()),
      batch_(batch),
      view_(std::move(view)),
      waiting_(loop_,
               {.send = [this](DnsAnswer answer) { send_answer(std::move(answer)); },
                .flush = [this] { flush_answers(); },
                .record = [this](const DnsQuery& query,
                                 const rules::QueryPlan::Notes& notes) { record(query, notes); }}) {
  socket_.fd = std::move(sockets.datagram);
  if (socket_.fd) loop_.poller().add(socket_.fd.get(), socket_);
  acceptor_ =
      std::make_unique<Acceptor>(loop_, view_, std::move(sockets.stream),
                                 [this](Acceptor& acceptor, Fd fd, const SocketAddress& peer) {
                                   accept(acceptor, std::move(fd), peer);
                                 });
  set_view(view_, std::move(group));
}

void DnsServer::accept(Acceptor& acceptor, Fd fd, const SocketAddress& peer) {
  if (static_cast<std::int64_t>(streams_.size()) >= view_->config.sessions) return overflow();
  const auto how = view_->config.intercept;
  rules::FlowFacts diverted;
  if (how != rules::Intercept::kNone &&
      host_.interception().resolve_original_destination(diverted, fd, how, acceptor.port()) !=
          ArrivalKind::kDiverted) {
    return;
  }
  const auto number = ++stream_numbers_;
  DnsStreamClient::Calls calls{
      .query = [this](DnsStreamClient& client,
                      std::span<std::byte> message) { stream_query(client, message); },
      .batch_over = [this] { batch_over(); },
      .drained = [this](DnsStreamClient& client) { stream_drained(client); },
      .over = [this](DnsStreamClient& client) { stream_over(client); }};
  auto made = std::make_unique<DnsStreamClient>(std::move(calls), host_, view_, std::move(fd), peer,
                                                number);
  auto& client = *made;
  client.set_destination(diverted);
  streams_.emplace(number, std::move(made));
  view_->stats->open.fetch_add(1, std::memory_order_relaxed);
  client.start();
}

std::unique_ptr<DnsForwarder> DnsServer::make_forwarder(std::shared_ptr<UpstreamGroup> group) {
  DnsForwarder::Calls calls{
      .answered = [this](DnsQueryPtr query,
                         std::span<std::byte> answer) { answered(std::move(query), answer); },
      .answers_over = [this] { flush_answers(); },
      .crowded = [this](DnsQueryPtr query) { crowded(std::move(query)); }};
  return std::make_unique<DnsForwarder>(loop_, batch_, std::move(group), std::move(calls));
}

DnsServer::~DnsServer() {
  loop_.poller().remove(socket_.fd.get());
  view_->stats->open.fetch_sub(static_cast<std::int64_t>(streams_.size()),
                               std::memory_order_relaxed);
}

void DnsServer::set_view(std::shared_ptr<const ListenerView> view,
                         std::shared_ptr<UpstreamGroup> group) {
  view_ = std::move(view);
  acceptor_->set_view(view_);
  warned_overflow_ = false;
  warned_crowd_ = false;
  if (group == group_) return;
  group_ = std::move(group);
  std::vector<DnsQueryPtr> waiting;
  if (previous_) {
    waiting = previous_->give_up();
    loop_.retire(std::move(previous_));
  }
  previous_ = std::move(forwarder_);
  if (group_) {
    forwarder_ = make_forwarder(group_);
  }
  ask_again(std::move(waiting));
}

// After a reload, sends queries that wait for the replaced servers to the servers of the new rule
// file.
void DnsServer::ask_again(std::vector<DnsQueryPtr> queries) {
  if (queries.empty()) return;
  for (auto& query : queries) {
    forwarder_ ? forwarder_->forward(std::move(query)) : answered(std::move(query), {});
  }
  batch_over();
}

void DnsServer::cut() {
  while (!streams_.empty()) streams_.begin()->second->end();
  waiting_.clear();
}

void DnsServer::read_datagrams() {
  for (int turn = 0; turn < kQueryBatchesPerTurn; ++turn) {
    int error = 0;
    const auto count = batch_.receive(socket_.fd, error);
    if (count == 0 && error == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      auto query = query_of(batch_.bytes(i), batch_.from(i), rules::Transport::kUdp);
      query->local = batch_.to(i);
      if (find_resolver(*query)) handle_query(std::move(query));
    }
    batch_over();
    if (error == 0 && count < DatagramBatch::kMost) return;
  }
  loop_.poller().again(socket_.fd.get());
}

void DnsServer::stream_query(DnsStreamClient& client, std::span<std::byte> message) {
  auto query = query_of(message, client.peer(), rules::Transport::kTcp);
  query->stream = client.number();
  if (client.facts().intercepted) {
    query->facts.intercepted = true;
    query->facts.destination = client.facts().destination;
    query->facts.destination_port = client.facts().destination_port;
  }
  handle_query(std::move(query));
}

void DnsServer::handle_query(DnsQueryPtr query) {
  const auto header = codecs::read_dns_header(query->message);
  if (!header || header->response) return drop(*query);
  const auto question = query->question();
  if (question.empty()) {
    auto message = codecs::write_dns_error(query->message, rules::Rcode::kFormErr);
    return send_answer({.query = std::move(query), .message = std::move(message)});
  }
  auto& facts = query->facts;
  facts.listener = view_->config.name;
  facts.carrier = rules::Carrier::kDns;
  facts.ordinal = view_->stats->arrivals.fetch_add(1, std::memory_order_relaxed) + 1;
  facts.opened = Loop::now();
  if (!facts.intercepted) {
    facts.destination = view_->config.listen.ip();
    facts.destination_port = view_->config.listen.port;
  }
  const bool ruled = host_.rules().may_match(facts.listener);
  if (ruled || view_->zone) facts.dns.question = codecs::read_dns_question(question);
  if (!ruled || !facts.dns.question) return resolve(std::move(query));
  query->plan = rules::QueryPlan(host_.rules(), facts);
  if (query->plan.empty()) return resolve(std::move(query));
  rules::QueryPlan::Notes notes;
  auto verdict = query->plan.on_query(facts, notes);
  record(*query, notes);
  query->delay = verdict.delay;
  if (verdict.rejected) reject(*query);
  if (verdict.silent) return drop(*query);
  if (verdict.reply) return reply(std::move(query), std::move(*verdict.reply));
  if (verdict.other_name) ask_for_other_name(*query, *verdict.other_name);
  resolve(std::move(query));
}

void DnsServer::resolve(DnsQueryPtr query) {
  auto* forwarder = forwarder_for(*query);
  const bool full = forwarder == nullptr && query->facts.intercepted;
  if (view_->zone && query->facts.dns.question) {
    const auto& question = query->resolved();
    const bool ours = (forwarder == nullptr && !full) || view_->zone->knows(question);
    if (ours) return answer_here(std::move(query));
  }
  if (full) log_full();
  if (forwarder == nullptr) {
    rules::DnsReply refusal;
    refusal.rcode = full ? rules::Rcode::kServFail : rules::Rcode::kRefused;
    return reply(std::move(query), std::move(refusal));
  }
  if (static_cast<std::int64_t>(forwarder->in_flight() + transfers_.size()) >=
      view_->config.sessions) {
    overflow();
    return drop(*query);
  }
  if (query->transport() == rules::Transport::kTcp &&
      codecs::asks_for_transfer(query->question())) {
    return start_transfer(std::move(query), forwarder->group());
  }
  forwarder->forward(std::move(query));
}

void DnsServer::answered(DnsQueryPtr query, std::span<std::byte> answer) {
  if (answer.empty()) {
    view_->stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
    rules::DnsReply failure;
    failure.rcode = rules::Rcode::kServFail;
    return reply(std::move(query), std::move(failure));
  }
  if (query->other_question) {
    auto renamed = answer_of_other_name(*query, answer);
    return reply(std::move(query), std::move(renamed));
  }
  // An answer that came over TLS may exceed the size that the client accepts over UDP.
  const bool too_large = query->transport() == rules::Transport::kUdp && group_ && group_->tls() &&
                         answer.size() > codecs::most_over_udp(query->message);
  if (!query->plan.empty() || too_large) {
    // An answer that cannot be parsed passes unchanged: the proxy must not cause failures itself.
    if (auto read = codecs::read_dns_reply(answer)) {
      rules::QueryPlan::Notes notes;
      query->plan.on_reply(query->facts, *read, Loop::now(), notes);
      record(*query, notes);
      if (!notes.empty() || too_large) {
        auto message = codecs::write_dns_reply(query->message, *read, query->transport());
        if (message) {
          return finish({.query = std::move(query), .message = std::move(*message)});
        }
      }
    }
  }
  codecs::set_dns_id(answer, codecs::read_dns_header(query->message)->id);
  finish({.query = std::move(query), .borrowed = answer});
}

// Applies the rules that change an encoded answer. Then sends the answer, or keeps it until its
// delay is over.
void DnsServer::finish(DnsAnswer answer) {
  auto& query = *answer.query;
  if (query.plan.empty()) return send_answer(std::move(answer));
  rules::DnsWire wire{.message = std::move(answer.message)};
  if (wire.message.empty()) wire.message.assign(answer.borrowed.begin(), answer.borrowed.end());
  const auto now = Loop::now();
  rules::QueryPlan::Notes notes;
  query.plan.on_wire(query.facts, wire, now, notes);
  record(query, notes);
  if (wire.lost) return drop(query);
  answer.message = std::move(wire.message);
  answer.borrowed = {};
  answer.copies = wire.copies;
  const auto ready = rules::later(rules::later(now, query.delay), wire.delay);
  if (ready <= now && query.plan.holds().empty()) return send_answer(std::move(answer));
  if (static_cast<std::int64_t>(waiting_.size()) >= view_->config.sessions) {
    overflow();
    return drop(query);
  }
  waiting_.add(std::move(answer), ready);
}

void DnsServer::send_answer(DnsAnswer answer) {
  measure(*answer.query, answer.bytes());
  if (host_.interception().names_wanted()) learn(answer.bytes());
  host_.count_bytes(*view_->stats, rules::Direction::kUpstream, answer.query->message.size());
  host_.count_bytes(*view_->stats, rules::Direction::kDownstream, answer.bytes().size());
  if (answer.query->stream == 0) {
    ready_.push_back(std::move(answer));
    return;
  }
  const auto client = streams_.find(answer.query->stream);
  if (client != streams_.end()) client->second->answer(answer.bytes(), answer.copies);
  transfer_begins(*answer.query);
}

// Remembers the name of each address in an answer, so that rules can match connections by name.
void DnsServer::learn(codecs::ByteView answer) {
  const auto asked = codecs::find_dns_question(answer);
  const auto question = asked.empty() ? std::nullopt : codecs::read_dns_question(asked);
  const auto reply = question ? codecs::read_dns_reply(answer) : std::nullopt;
  if (!reply) return;
  for (const auto& record : reply->answer) {
    if (const auto ip = record.address())
      host_.interception().names().remember(question->name, *ip);
  }
}

void DnsServer::measure(const DnsQuery& query, codecs::ByteView answer) {
  // Does not count a malformed query, whose facts have no listener name.
  if (!host_.watched() || query.facts.listener.empty()) return;
  if (answer.empty()) return host_.served(query.facts, {false, std::nullopt});
  const auto header = codecs::read_dns_header(answer);
  const bool ok = header && (header->rcode == rules::Rcode::kNoError ||
                             header->rcode == rules::Rcode::kNxDomain);
  host_.served(query.facts, {ok, Loop::now() - query.facts.opened});
}

void DnsServer::drop(const DnsQuery& query) {
  measure(query, {});
  const auto client = streams_.find(query.stream);
  if (client != streams_.end()) client->second->forget_one();
  transfer_lost(query);
}

// Tells the client of a UDP query that no socket has the port, as far as the kernel allows.
void DnsServer::reject(const DnsQuery& query) {
  const auto& facts = query.facts;
  if (query.transport() != rules::Transport::kUdp) return;
  const auto meant = facts.intercepted
                         ? SocketAddress::of(*facts.destination, facts.destination_port)
                         : received_at(socket_.fd, query.local);
  host_.interception().rejecter()->reject(query.client, meant, query.message.size());
}

void DnsServer::flush_answers() {
  if (ready_.empty()) return;
  DatagramSender sender;
  for (const auto& answer : ready_) {
    for (int times = 0; times <= answer.copies; ++times) {
      sender.add(answer.bytes(), answer.query->client, answer.query->local);
    }
  }
  int error = 0;
  const auto lost = sender.send(socket_.fd, error, host_.interception().raw());
  if (lost > 0) view_->stats->dropped.fetch_add(lost, std::memory_order_relaxed);
  ready_.clear();
}

void DnsServer::batch_over() {
  if (forwarder_) forwarder_->flush();
  for (const auto& [resolver, forwarder] : intercepted_) forwarder->flush();
  if (previous_ && previous_->in_flight() == 0) loop_.retire(std::move(previous_));
  flush_answers();
}

void DnsServer::apply(const rules::RuleSet& set) {
  waiting_.keep(set);
  // If no rule applies to this listener any more, the answers that rules delayed or held back are
  // sent.
  if (!set.may_match(view_->config.name)) waiting_.send_all();
}

void DnsServer::stream_over(DnsStreamClient& client) {
  const auto found = streams_.find(client.number());
  if (found == streams_.end()) return;
  view_->stats->open.fetch_sub(1, std::memory_order_relaxed);
  stop_transfers_of(client);
  loop_.retire(std::move(found->second));
  streams_.erase(found);
}

void DnsServer::record(const DnsQuery& query, const rules::QueryPlan::Notes& notes) {
  for (const auto& [rule, note] : notes) {
    host_.record(query.facts, *rule, rules::Direction::kUpstream, note);
  }
}

void DnsServer::overflow() {
  view_->stats->dropped.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(warned_overflow_, true)) return;
  spdlog::warn(
      "listener {}: queries are dropped: the limit of pending queries, `sessions`, is reached "
      "(raise `sessions` in the [[listener]])",
      view_->config.name);
}

void DnsServer::crowded(DnsQueryPtr query) {
  view_->stats->dropped.fetch_add(1, std::memory_order_relaxed);
  if (!std::exchange(warned_crowd_, true)) {
    host_.report(query->facts, "queries dropped",
                 "no query id is free, because too many queries wait for answers; check "
                 "that the resolvers of the upstream answer");
  }
  drop(*query);
}

}  // namespace brownout::proxy
