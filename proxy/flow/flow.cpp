#include "proxy/flow/flow.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "rules/protocols/codec/codec_of.h"

namespace brownout::proxy {
namespace {

// Pauses between looks at whether the peers have acknowledged all data.

}  // namespace

Flow::Flow(FlowHost& host, HandOver from)
    : ClientFlow(host, from, from.listener->config.protocol),
      upstream_(*this, host_.loop(), listener_->config, facts_, rules::Direction::kUpstream,
                client_, server_),
      downstream_(*this, host_.loop(), listener_->config, facts_, rules::Direction::kDownstream,
                  server_, client_) {
  client_.stream = std::move(from.client);
  client_.writable = true;
}

Flow::~Flow() {
  host_.loop().poller().forget(client_.stream.number());
  host_.loop().poller().forget(server_.stream.number());
}

void Flow::start() {
  if (!host_.loop().poller().add(client_.stream.number(), client_)) return end(CloseMode::kReset);
  enter();
}

void Flow::admitted() {
  if (state_ != State::kSecuring) return start_dialling();
  client_secured_ = true;
  serve_secured();
}

void Flow::start_dialling() {
  state_ = State::kDialling;
  dial();
}

void Flow::on_connect_stopped(rules::Admission admission) {
  turns_.broke();
  host_.loop().retire(std::move(connector_));
  if (admission.verdict == rules::Admission::Verdict::kAnswer) {
    return answer_when_asked(std::move(admission.answer));
  }
  hang();
}

void Flow::answer_when_asked(std::string answer) {
  state_ = State::kAnswering;
  answer_ = std::move(answer);
  if (client_.readable) host_.loop().poller().again(client_.stream.number());
}

void Flow::answer(End& end, std::string_view bytes) {
  end.stream.send(std::as_bytes(std::span(bytes)));
  this->end(CloseMode::kLinger);
}

void Flow::on_connect_failed(const Error& error) {
  const auto reply = log_unreachable(error);
  turns_.broke();
  if (reply.empty()) return end(CloseMode::kReset);
  answer(client_, reply);
}

void Flow::on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) {
  server_.stream = std::move(stream);
  if (listener_->starts_tls()) server_host_ = connector_->host();
  host_.loop().poller().replace(server_.stream.number(), server_);
  connected(server);
  if (const auto reply = connected_reply(); !reply.empty()) {
    client_.stream.send(std::as_bytes(std::span(reply)));
  }
  serve(events);
}

void Flow::serve(std::uint32_t events) {
  state_ = State::kServing;
  if (auto codec = messages::codec_of(listener_->config)) {
    if (rewrite_) codec->set_rewrite(*rewrite_);
    tunnel_ = std::make_unique<messages::MessageTunnel>(
        static_cast<messages::MessageTunnel::Owner&>(*this), std::move(codec), facts_);
    tunnel_->set_rules(host_.rules(), Loop::now());
    upstream_.set_messages(*tunnel_);
    downstream_.set_messages(*tunnel_);
  }
  if (!rules_.empty()) set_pipe_rules(host_.rules(), Loop::now());
  on_end_ready(server_, events);
  // Marks the client as readable, since epoll does not report bytes that the TLS session has
  // already taken from the socket.
  if (!client_.stream.plain()) client_.readable = true;
  if (!over() && client_.readable) on_end_ready(client_, 0);
}

void Flow::set_rewrite(const rules::AddressMap& map) {
  rewrite_ = map;
  if (tunnel_) tunnel_->set_rewrite(map);
}

void Flow::apply(const rules::RuleSet& set) {
  if (end_imposed_waits(set)) return;
  if (over() || state_ == State::kHanging || state_ == State::kAnswering) return;
  if (!arrived()) return;
  rules_ = rules::plan_reload(set, facts_, rules_);
  if (state_ != State::kServing) return;
  const auto now = Loop::now();
  if (tunnel_) {
    tunnel_->set_rules(set, now);
    flush_both();
  }
  if (!over()) set_pipe_rules(set, now);
  // Passes on a reset that a rule withheld, once no rule withholds it any more.
  for (End* gone : {&client_, &server_}) {
    if (!over() && gone->gone && !from(*gone).blackholed()) end(CloseMode::kReset);
  }
  if (!over()) arm();
}

// Must be called before bytes of the client are read. Returns false if more bytes are needed to
// find the server's host name. Once the name is known, selects the rules again.
bool Flow::learn_name() {
  if (!needs_shown_name()) return true;
  const auto before = facts_;
  if (!read_shown_name()) return client_.peer_finished;
  rules::plan_name(host_.rules(), before, facts_, rules_);
  const auto now = Loop::now();
  if (tunnel_) tunnel_->named(facts_.names, host_.rules(), now);
  if (!over()) set_pipe_rules(host_.rules(), now);
  return !over();
}

void Flow::set_pipe_rules(const rules::RuleSet& set, Instant now) {
  for (auto* pipe : {&upstream_, &downstream_}) {
    const auto direction =
        pipe == &upstream_ ? rules::Direction::kUpstream : rules::Direction::kDownstream;
    const auto mine = rules::for_direction(rules_, direction);
    std::size_t ahead = 0;
    if (tunnel_) ahead = rules::ahead_of_messages(set, mine, tunnel_->rules(direction));
    if (!over()) pipe->set_rules(mine, ahead, now);
  }
}

void Flow::on_end_ready(End& ready, std::uint32_t events) noexcept {
  if ((events & EPOLLOUT) != 0) ready.writable = true;
  if ((events & EPOLLPRI) != 0) ready.urgent = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.peer_finished = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.readable = true;
  // Whether the next bytes are a TLS handshake, which is not a request.
  const bool shakes_hands = state_ == State::kSecuring || listener_->expects_hello();
  if (&ready == &client_ && (events & (EPOLLIN | EPOLLRDHUP)) == EPOLLIN && !shakes_hands) {
    turns_.asked();
  }
  const bool failed = (events & EPOLLERR) != 0;
  switch (state_) {
    case State::kWaiting:
      return at_the_gate(events);
    case State::kDialling:
      if (failed || (events & EPOLLHUP) != 0) end(CloseMode::kReset);
      return;
    case State::kAnswering:
      if (failed || (events & EPOLLHUP) != 0) return end(CloseMode::kReset);
      if (ready.readable) answer(client_, answer_);
      return;
    case State::kSecuring:
      return &ready == &client_ ? at_the_gate(events) : secure_server();
    case State::kHanging:
      if (ready.peer_finished) end(CloseMode::kClose);
      return;
    case State::kLingering:
      return discard_both();
    case State::kResetting:
      ready.gone = ready.gone || failed;
      return;
    case State::kOver:
      return;
    case State::kServing:
      break;
  }
  if (ready.writable && to(ready).held() > 0) to(ready).flush();
  if (!over() && ready.readable && (&ready == &server_ || learn_name())) from(ready).read();
  // Handles a reset at once if reading is paused or has ended, since then no read would report it.
  if (!over() && failed && !ready.gone && from(ready).stopped_reading()) end_failed(ready);
  if (!over() && client_.stream.stopped() && obey_stop()) return;
  if (!over()) check_abandoned();
  if (!over()) arm();
}

void Flow::on_due(Instant now) noexcept {
  switch (state_) {
    case State::kWaiting:
    case State::kSecuring:
      return gate_due();
    case State::kServing:
      // Advances the direction to the server first, so that the order of effects does not depend on
      // the event loop's timing.
      upstream_.advance_ahead(now);
      if (!over()) downstream_.advance_ahead(now);
      if (tunnel_ && !over()) {
        tunnel_->advance(now);
        flush_both();
      }
      if (!over()) upstream_.advance_behind(now);
      if (!over()) downstream_.advance_behind(now);
      if (!over()) arm();
      return;
    case State::kLingering:
      return release();
    case State::kResetting:
      return await_acknowledgement(now);
    default:
      return;
  }
}

// Begins the TLS handshakes after STARTTLS. All plaintext must have been sent, the server's
// agreement last.
void Flow::secure() {
  // Checks whether the client has closed, which epoll does not report again.
  if (client_.peer_finished) return end(CloseMode::kReset);
  state_ = State::kSecuring;
  host_.loop().deadlines().cancel(*this);
  // The host name that the client sent in its protocol (the `to` of an XMPP stream); "" without
  // one.
  const auto meant = tunnel_->host();
  server_.stream.tls().start(group_->tls()->session(meant.empty() ? server_host_ : meant), true);
  secure_server();
  if (state_ == State::kSecuring) enter_tls(meant);
}

void Flow::secure_server() {
  if (server_secured_) return;
  const auto progress = server_.stream.tls().handshake();
  if (progress == tls::Progress::kAgain) return;
  if (progress == tls::Progress::kFailed) {
    const auto& ip = facts_.destination;
    on_handshake_failed(ip ? SocketAddress::of(*ip, facts_.destination_port) : SocketAddress{},
                        server_.stream.tls().why());
    return end(CloseMode::kReset);
  }
  server_secured_ = true;
  serve_secured();
}

void Flow::serve_secured() {
  if (!client_secured_ || !server_secured_) return;
  securing_ = false;
  state_ = State::kServing;
  tunnel_->secured();
  turns_.secured();
  const auto now = Loop::now();
  tunnel_->set_rules(host_.rules(), now);
  set_pipe_rules(host_.rules(), now);
  // Marks both sockets as readable, since epoll does not report bytes that the TLS session has
  // already taken from a socket.
  client_.readable = server_.readable = true;
  if (!over()) on_end_ready(server_, 0);
  if (!over()) on_end_ready(client_, 0);
}

void Flow::tunnel_closed(rules::Close how) {
  if (how == rules::Close::kReset) return close(how);
  closing_ = how;
}

// Sends the bytes that the decoded messages have released. Resumes reading in a direction that then
// holds few enough bytes.
void Flow::flush_both() {
  if (!over()) upstream_.flush();
  if (!over()) downstream_.flush();
}

void Flow::close_when_sent() {
  if (closing_ && upstream_.waiting() == 0 && downstream_.waiting() == 0) close(*closing_);
}

void Flow::arm() {
  close_when_sent();
  if (over()) return;
  if (securing_ && upstream_.held() == 0 && downstream_.held() == 0) return secure();
  auto next = std::min(upstream_.deadline(), downstream_.deadline());
  if (tunnel_) next = std::min(next, tunnel_->deadline());
  host_.loop().deadlines().set(*this, next);
  count_held();
}

// Ends a connection whose bytes a fault drops, once both peers have closed their sockets. A FIN
// alone does not prove that a peer has closed: it may only have finished sending, and still wait
// for bytes.
void Flow::check_abandoned() {
  if (!upstream_.blackholed() && !downstream_.blackholed()) return;
  if (!client_.peer_finished || !server_.peer_finished) return;
  const bool client_left = client_.gone || downstream_.finished();
  const bool server_left = server_.gone || upstream_.finished();
  if (client_.gone || (client_left && server_left)) return end(CloseMode::kReset);
  if (!client_left) ask_whether_there(client_.stream.fd());
  if (!server_left) ask_whether_there(server_.stream.fd());
}

void Flow::end_failed(End& failed) {
  report_failed_tls(failed.stream, &failed == &client_ ? "the client" : "the server");
  failed.gone = true;
  failed.peer_finished = true;
  failed.readable = false;
  if (from(failed).blackholed()) return check_abandoned();
  end(CloseMode::kReset);
}

void Flow::pipe_finished(rules::Direction direction) {
  End& sink = direction == rules::Direction::kUpstream ? server_ : client_;
  const bool both = upstream_.finished() && downstream_.finished();
  // Sends the FIN with TLS's close_notify first, which close() alone would not send.
  if (!both || !sink.stream.plain()) sink.stream.finish();
  if (both) end(CloseMode::kClose);
}

void Flow::end(CloseMode mode) {
  if (state_ == State::kOver) return;
  if (mode == CloseMode::kLinger) return over() ? void() : linger();
  if (mode == CloseMode::kReset) {
    if (!client_.gone) turns_.broke();
    reset_on_close(client_.stream.fd());
    if (server_.stream) reset_on_close(server_.stream.fd());
  }
  release();
}

void Flow::close(rules::Close how) {
  switch (how) {
    case rules::Close::kFin:
      return end(CloseMode::kLinger);
    case rules::Close::kReset:
      return end(CloseMode::kReset);
    case rules::Close::kResetAfterData:
      return reset_when_acknowledged();
  }
}

// Waits until the peers have acknowledged all data before it sends RST. A RST would discard unsent
// bytes, and bytes that must be retransmitted.
void Flow::reset_when_acknowledged() {
  if (over()) return;
  const auto now = Loop::now();
  state_ = State::kResetting;
  resets_.emplace(now);
  await_acknowledgement(now);
}

void Flow::await_acknowledgement(Instant now) {
  const auto done = [](const End& end) {
    return end.gone || !end.stream || all_acknowledged(end.stream.fd());
  };
  if ((done(client_) && done(server_)) || resets_->over(now)) return end(CloseMode::kReset);
  host_.loop().deadlines().set(*this, resets_->next(now));
}

void Flow::linger() {
  state_ = State::kLingering;
  client_.stream.finish();
  if (server_.stream) server_.stream.finish();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kLingerTime));
  discard_both();
}

void Flow::discard_both() {
  const bool client = discard_input(host_.loop(), client_.stream.fd());
  const bool server = discard_input(host_.loop(), server_.stream.fd());
  if (client && server) release();
}

void Flow::release() {
  state_ = State::kOver;
  leave();
}

}  // namespace brownout::proxy
