#include "proxy/net/flow.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace brownout::proxy {
namespace {

// How long a peer may take to finish after we did (compare HAProxy's option nolinger and nginx's
// lingering_close, which exist for the same reason).
constexpr Duration kLingerTime = std::chrono::seconds(2);
constexpr int kDiscardsPerTurn = 8;

}  // namespace

Flow::Flow(FlowHost& host, std::shared_ptr<const ListenerView> listener,
           std::shared_ptr<UpstreamGroup> group, Fd client, rules::FlowFacts facts)
    : host_(host),
      listener_(std::move(listener)),
      group_(std::move(group)),
      facts_(std::move(facts)),
      upstream_(*this, rules::Direction::kUpstream),
      downstream_(*this, rules::Direction::kDownstream) {
  facts_.activity = &activity_;
  activity_.last = facts_.opened;
  client_.flow = this;
  server_.flow = this;
  client_.fd = std::move(client);
  client_.writable = true;
}

Flow::~Flow() {
  host_.loop().poller().forget(client_.fd.get());
  host_.loop().poller().forget(server_.fd.get());
}

void Flow::start() {
  if (!host_.loop().poller().add(client_.fd.get(), client_)) return end(How::kReset);
  if (!host_.rules().may_match(facts_.listener)) return dial();
  auto arrival = rules::plan_arrival(host_.rules(), facts_);
  rules_ = std::move(arrival.rules);
  leases_ = std::move(arrival.admission.leases);
  for (const auto& [rule, note] : arrival.notes) {
    host_.record(facts_, *rule, rules::Direction::kUpstream, note);
  }
  switch (arrival.admission.verdict) {
    case rules::Admission::Verdict::kRefuse:
      listener_->stats->refused.fetch_add(1, std::memory_order_relaxed);
      return end(How::kReset);
    case rules::Admission::Verdict::kHang:
      state_ = State::kHanging;
      return;
    case rules::Admission::Verdict::kAnswer:
      return wait_to_answer(std::move(arrival.admission.answer));
    case rules::Admission::Verdict::kServe:
      connect_delay_ = arrival.admission.connect_delay;
      return wait_or_dial(arrival.admission.accept_delay);
  }
}

void Flow::wait_or_dial(Duration wait) {
  wait += connect_delay_;
  if (wait <= Duration::zero()) return dial();
  state_ = State::kWaiting;
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), wait));
}

void Flow::dial() {
  state_ = State::kDialling;
  connector_ = std::make_unique<Connector>(host_.loop(), host_.resolver(), group_,
                                           static_cast<Connector::Owner&>(*this), facts_.key(),
                                           facts_.ordinal);
  connector_->start();
}

rules::Admission Flow::admit(const SocketAddress& server) {
  if (!host_.rules().may_match(facts_.listener)) return {};
  facts_.destination = server.ip();
  facts_.destination_port = server.port();
  auto arrival = rules::plan_dial(host_.rules(), facts_, Loop::now());
  for (const auto& [rule, note] : arrival.notes) {
    host_.record(facts_, *rule, rules::Direction::kUpstream, note);
  }
  dial_leases_ = std::move(arrival.admission.leases);
  if (!arrival.admission.serves()) {
    listener_->stats->refused.fetch_add(1, std::memory_order_relaxed);
  }
  return std::move(arrival.admission);
}

void Flow::on_connect_stopped(rules::Admission admission) {
  host_.loop().retire(std::move(connector_));
  if (admission.verdict == rules::Admission::Verdict::kAnswer) {
    return wait_to_answer(std::move(admission.answer));
  }
  state_ = State::kHanging;
}

// A server answers what it has been asked.
void Flow::wait_to_answer(std::string answer) {
  state_ = State::kAnswering;
  answer_ = std::move(answer);
  if (client_.readable) host_.loop().poller().again(client_.fd.get());
}

void Flow::answer(const End& end, std::string_view bytes) {
  ::send(end.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  this->end(How::kLinger);
}

void Flow::on_connect_failed(const Error& error) {
  listener_->stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
  spdlog::debug("{}#{}: no server of {} could be reached: {}", facts_.listener, facts_.ordinal,
                group_->config().name, error.what);
  end(How::kReset);
}

void Flow::on_connected(Fd fd, const SocketAddress& server, std::uint32_t events) {
  server_.fd = std::move(fd);
  host_.loop().poller().replace(server_.fd.get(), server_);
  host_.loop().retire(std::move(connector_));
  facts_.destination = server.ip();
  facts_.destination_port = server.port();
  serve(events);
}

void Flow::serve(std::uint32_t events) {
  state_ = State::kServing;
  host_.flow_opened(facts_);
  if (host_.rules().may_match(facts_.listener)) {
    rules::plan_server(host_.rules(), facts_, rules_);
  }
  if (!rules_.empty()) {
    const auto now = Loop::now();
    upstream_.set_rules(rules_, now);
    if (!over()) downstream_.set_rules(rules_, now);
  }
  on_end_ready(server_, events);
  if (client_.readable) on_end_ready(client_, 0);
}

void Flow::apply(const rules::RuleSet& set) {
  if (over() || state_ == State::kHanging || state_ == State::kAnswering) return;
  rules_ = rules::plan_reload(set, facts_, rules_);
  if (state_ != State::kServing) return;
  const auto now = Loop::now();
  upstream_.set_rules(rules_, now);
  if (!over()) downstream_.set_rules(rules_, now);
  // What was held back by a cut line is felt now.
  for (End* gone : {&client_, &server_}) {
    if (!over() && gone->gone && !from(*gone).severed()) end(How::kReset);
  }
  if (!over()) arm();
}

void Flow::on_end_ready(End& ready, std::uint32_t events) noexcept {
  if ((events & EPOLLOUT) != 0) ready.writable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.peer_finished = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.readable = true;
  const bool failed = (events & EPOLLERR) != 0;
  switch (state_) {
    case State::kWaiting:
    case State::kDialling:
      if (failed || (events & EPOLLHUP) != 0) end(How::kReset);
      return;
    case State::kAnswering:
      if (failed || (events & EPOLLHUP) != 0) return end(How::kReset);
      if (ready.readable) answer(client_, answer_);
      return;
    case State::kHanging:
      if (ready.peer_finished) end(How::kClose);
      return;
    case State::kLingering:
      return discard();
    case State::kOver:
      return;
    case State::kServing:
      break;
  }
  if (ready.writable && to(ready).held() > 0) to(ready).flush();
  if (!over() && ready.readable) from(ready).read();
  // A reset that cannot be read, since reading is paused, is a reset all the same.
  if (!over() && failed && !ready.gone && from(ready).paused()) end_failed(ready);
  if (!over()) check_abandoned();
  if (!over()) arm();
}

void Flow::on_due(Instant now) noexcept {
  switch (state_) {
    case State::kWaiting:
      return dial();
    case State::kServing:
      // The client's bytes first, so that which direction acts does not depend on the loop.
      upstream_.advance(now);
      if (!over()) downstream_.advance(now);
      if (!over()) arm();
      return;
    case State::kLingering:
      return release();
    default:
      return;
  }
}

void Flow::arm() {
  const auto next = std::min(upstream_.deadline(), downstream_.deadline());
  host_.loop().deadlines().set(*this, next);
}

// Both peers have left a line that is cut: nobody is there to feel it any more.
void Flow::check_abandoned() {
  const bool severed = upstream_.severed() || downstream_.severed();
  if (severed && client_.peer_finished && server_.peer_finished) end(How::kReset);
}

void Flow::end_failed(End& failed) {
  failed.gone = true;
  failed.peer_finished = true;
  failed.readable = false;
  if (from(failed).severed()) return check_abandoned();
  end(How::kReset);
}

void Flow::direction_finished(rules::Direction direction) {
  if (upstream_.finished() && downstream_.finished()) return end(How::kClose);
  const End& sink = direction == rules::Direction::kUpstream ? server_ : client_;
  ::shutdown(sink.fd.get(), SHUT_WR);
}

void Flow::end(How how) {
  if (state_ == State::kOver) return;
  if (how == How::kLinger) return state_ == State::kLingering ? void() : linger();
  if (how == How::kReset) {
    reset_on_close(client_.fd);
    if (server_.fd) reset_on_close(server_.fd);
  }
  release();
}

void Flow::linger() {
  state_ = State::kLingering;
  ::shutdown(client_.fd.get(), SHUT_WR);
  ::shutdown(server_.fd.get(), SHUT_WR);
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kLingerTime));
  discard();
}

void Flow::discard() {
  bool ended = true;
  const auto buffer = host_.loop().read_buffer();
  for (const End* one : {&client_, &server_}) {
    ssize_t count = 1;
    for (int turn = 0; count > 0 && turn < kDiscardsPerTurn; ++turn) {
      count = ::recv(one->fd.get(), buffer.data(), buffer.size(), 0);
    }
    if (count > 0) host_.loop().poller().again(one->fd.get());
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) ended = false;
  }
  if (ended) release();
}

void Flow::release() {
  state_ = State::kOver;
  host_.loop().deadlines().cancel(*this);
  if (connector_) host_.loop().retire(std::move(connector_));
  host_.flow_over(*this);
}

}  // namespace brownout::proxy
