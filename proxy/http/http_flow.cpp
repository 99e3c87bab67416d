#include "proxy/http/http_flow.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>
#include <utility>

#include "rules/protocols/proxy/codec/proxy_request.h"

namespace brownout::proxy {
namespace {

// Without rules, reading pauses while the receiving socket has not accepted this many bytes.
constexpr std::size_t kStraight = Loop::kReadBuffer;

// Returns the function that checks each request's Proxy-Authorization; null for a proxy without a
// password.
std::function<bool(std::string_view)> password_check(const ListenerView& listener) {
  codecs::ProxyRequest::Credentials wanted{listener.config.username, listener.password};
  if (wanted.username.empty() && wanted.password.empty()) return nullptr;
  return [wanted = std::move(wanted)](std::string_view value) {
    return codecs::is_authorized(value, wanted);
  };
}

}  // namespace

HttpFlow::HttpFlow(HttpHost& host, HandOver from)
    : ClientFlow(host, from, from.target ? rules::Protocol::kHttp : from.listener->config.protocol),
      http_host_(host),
      conversation_(static_cast<http::Conversation::Wire&>(*this), facts_, &listener_->config),
      target_(std::move(from.target)) {
  if (target_) conversation_.forward(password_check(*listener_));
  client_.flow = server_.flow = up_.flow = down_.flow = this;
  up_.direction = rules::Direction::kUpstream;
  down_.direction = rules::Direction::kDownstream;
  client_.stream = std::move(from.client);
}

HttpFlow::~HttpFlow() {
  host_.loop().poller().forget(client_.stream.number());
  host_.loop().poller().forget(server_.stream.number());
}

void HttpFlow::start() {
  if (!host_.loop().poller().add(client_.stream.number(), client_)) return end(CloseMode::kReset);
  enter();
}

void HttpFlow::serve() {
  state_ = State::kServing;
  const auto now = Loop::now();
  set_rules(up_, now);
  set_rules(down_, now);
  if (http_host_.draining()) side_->drain(now);
  if (!client_.stream.plain() && client_.stream.tls().protocol() == "h2") use_http2();
  // Marks the client as readable, since epoll does not report bytes that the TLS session has
  // already taken from the socket.
  if (!client_.stream.plain()) client_.readable = true;
  if (client_.readable) on_end_ready(client_, 0);
}

void HttpFlow::use_http2() {
  version_known_ = true;
  http2_ = std::make_unique<Http2Side>(static_cast<Http2Side::Owner&>(*this), http_host_,
                                       listener_->config);
  side_ = &http2_->side();
  if (http_host_.draining()) side_->drain(Loop::now());
}

void HttpFlow::feed(codecs::ByteView bytes, Instant now) {
  if (version_known_) return side_->client_bytes(bytes, now);
  // Compares the first bytes with the HTTP/2 preface, which may arrive in pieces.
  const auto known = preface_.size();
  preface_ += codecs::text_of(bytes).substr(0, http2::kPreface.size() - known);
  const bool like_http2 = http2::kPreface.starts_with(preface_) && !target_;
  if (like_http2 && preface_.size() < http2::kPreface.size()) return;
  version_known_ = true;
  if (like_http2) use_http2();
  if (known > 0) side_->client_bytes(codecs::bytes_of(preface_).first(known), now);
  preface_.clear();
  if (!over()) side_->client_bytes(bytes, now);
}

void HttpFlow::feed_end(Instant now) {
  version_known_ = true;
  if (!preface_.empty()) side_->client_bytes(codecs::bytes_of(std::exchange(preface_, {})), now);
  if (!over()) side_->client_finished(now);
}

void HttpFlow::settle_soon() {
  if (over() || std::exchange(settles_, true)) return;
  host_.loop().poller().again(client_.stream.number());
}

void HttpFlow::server_connected(const SocketAddress& server) {
  const auto before = rules_.size();
  connected(server);
  if (rules_.size() == before) return;
  const auto now = Loop::now();
  set_rules(up_, now);
  set_rules(down_, now);
}

void HttpFlow::set_rules(Sink& sink, Instant now) {
  const auto mine = rules::for_direction(rules_, sink.direction);
  if (over() || (mine.empty() && !sink.chain)) return;
  if (!sink.chain) sink.chain = std::make_unique<rules::Chain>(facts_, sink.direction, sink);
  sink.chain->set_rules(mine, now);
}

void HttpFlow::apply(const rules::RuleSet& set) {
  if (end_imposed_waits(set)) return;
  if (over() || state_ == State::kHanging || state_ == State::kAnswering) return;
  if (!arrived()) return;
  rules_ = rules::plan_reload(set, facts_, rules_);
  if (state_ != State::kServing) return;
  const auto now = Loop::now();
  set_rules(up_, now);
  set_rules(down_, now);
  if (!over()) side_->apply(set, now);
  work();
}

void HttpFlow::drain() {
  if (state_ != State::kServing) return;
  side_->drain(Loop::now());
  work();
}

void HttpFlow::answer_when_asked(std::string answer) {
  state_ = State::kAnswering;
  answer_ = std::move(answer);
  if (client_.readable) host_.loop().poller().again(client_.stream.number());
}

void HttpFlow::on_end_ready(End& ready, std::uint32_t events) noexcept {
  if ((events & EPOLLPRI) != 0) ready.urgent = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.finished = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ready.readable = true;
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  switch (state_) {
    case State::kWaiting:
      return at_the_gate(events);
    case State::kAnswering:
      if (gone) return end(CloseMode::kReset);
      if (ready.readable) send_and_close(answer_);
      return;
    case State::kHanging:
      if (ready.finished) end(CloseMode::kClose);
      return;
    case State::kResetting:
      return gone ? end(CloseMode::kReset) : void();
    case State::kLingering:
      if (discard_input(host_.loop(), client_.stream.fd())) release();
      return;
    case State::kOver:
      return;
    case State::kServing:
      break;
  }
  if (ready.readable) read(ready);
  // While reading is paused, no read reports a reset, so it is handled here. But a server may have
  // sent an early response before its reset (RFC 9112, section 9.6), which must be read first.
  const bool paused = ready.readable && ready.stream;
  const bool answered = &ready == &server_ && !conversation_.tunnel();
  if (!over() && (events & EPOLLERR) != 0 && paused && !answered) {
    source_ended(ready, true, Loop::now());
  }
  work();
}

void HttpFlow::read(End& from) {
  for (int turn = 0; may_read(from); ++turn) {
    if (turn == kReadsPerTurn) return host_.loop().poller().again(from.stream.number());
    if (!read_once(from)) return;
  }
}

bool HttpFlow::may_read(const End& from) const {
  if (state_ != State::kServing || closing_ || !from.readable || !from.stream) return false;
  if (&from == &client_) {
    return has_room(up_, server_.out) && (up_.acts() || side_->wants_client());
  }
  return has_room(down_, client_.out) && conversation_.wants_server();
}

bool HttpFlow::has_room(const Sink& sink, const Outbox& out) const {
  const auto mark = watermark(sink.chain.get(), listener_->config, kStraight);
  if (sink.held() + out.waiting() <= mark.high) return true;
  if (mark.capped && sink.held() > mark.high / 2) host_.buffer_full(listener());
  return false;
}

bool HttpFlow::read_once(End& from) {
  const auto buffer = host_.loop().read_buffer();
  const auto count = from.stream.receive(buffer);
  if (count < 0) {
    if (errno == EINTR) return true;
    from.readable = from.urgent = false;
    if (errno != EAGAIN && errno != EWOULDBLOCK) source_ended(from, true, Loop::now());
    return false;
  }
  const auto now = Loop::now();
  if (count == 0) {
    from.readable = false;
    source_ended(from, false, now);
    return false;
  }
  const auto size = static_cast<std::size_t>(count);
  // A read that does not fill the buffer means that the socket is empty, unless urgent data or a
  // FIN is queued after the bytes.
  const bool more = from.finished || from.urgent || !from.stream.plain();
  if (size < buffer.size() && !more) from.readable = false;
  const bool client = &from == &client_;
  passed(client ? rules::Direction::kUpstream : rules::Direction::kDownstream, size);
  if (client) {
    client_sent();
    if (conversation_.tunnel()) {
      turns_.from_client(size);
    } else if (!is_http2()) {
      turns_.asked();
    }
    take_from_client(buffer.first(size), now);
  } else {
    conversation_.server_bytes(buffer.first(size), now);
  }
  return true;
}

void HttpFlow::take_from_client(codecs::ByteView bytes, Instant now) {
  if (!up_.acts()) return feed(bytes, now);
  up_.chain->push(rules::Chunk::copy_of(bytes), now);
}

void HttpFlow::source_ended(End& from, bool reset, Instant now) {
  const bool refused = &from == &client_ && refused_late();
  if (reset && !refused)
    report_failed_tls(from.stream, &from == &client_ ? "the client" : "the server");
  if (&from == &server_) {
    if (reset && server_.stream) server_.out.clear();
    return conversation_.server_finished(reset, now);
  }
  if (reset) return end(CloseMode::kReset);
  if (!up_.chain) return feed_end(now);
  up_.chain->finish(now);
}

void HttpFlow::chain_emits(Sink& sink, rules::Chunk chunk) {
  if (over()) return;
  if (&sink == &up_) return feed(chunk.bytes(), Loop::now());
  write_to_client(chunk.bytes());
}

void HttpFlow::write_to_client(codecs::ByteView bytes) {
  client_.out.write(client_.stream, bytes);
  if (is_http2()) return;
  if (conversation_.tunnel()) {
    turns_.upgraded();
    return turns_.to_client(bytes.size());
  }
  if (const auto status = std::exchange(status_, std::nullopt))
    turns_.answered(is_success(*status));
}

void HttpFlow::chain_finishes(Sink& sink) {
  if (over()) return;
  if (&sink == &up_) return feed_end(Loop::now());
  down_ended_ = true;
}

// Closes the connection to the client, as a fault demands. Marks the downstream direction as ended,
// since a chain that has closed emits nothing more, not even the end of the stream.
void HttpFlow::chain_closes(const Sink& sink, rules::Close how) {
  if (&sink == &down_) down_ended_ = true;
  close_client(how);
}

void HttpFlow::to_client(codecs::ByteView bytes) {
  if (over()) return;
  if (!down_.acts()) return write_to_client(bytes);
  const auto now = Loop::now();
  down_.chain->push(rules::Chunk::copy_of(bytes), now);
}

void HttpFlow::to_server(codecs::ByteView bytes) {
  if (server_.stream) server_.out.write(server_.stream, bytes);
}

void HttpFlow::finish_client() {
  client_fin_ = true;
  if (!down_.chain) {
    down_ended_ = true;
    return;
  }
  const auto now = Loop::now();
  down_.chain->finish(now);
}

void HttpFlow::close_client(rules::Close how) {
  if (over()) return;
  if (how == rules::Close::kReset) {
    // While a rule drops all bytes to the client, not even a RST passes.
    if (down_.blackholed()) return hang();
    turns_.broke();
    return end(CloseMode::kReset);
  }
  if (std::exchange(closing_, true)) return;
  resets_ = how == rules::Close::kResetAfterData;
  if (resets_) turns_.broke();
  finish_client();
}

void HttpFlow::send_and_close(std::string_view bytes) {
  if (over()) return;
  client_.out.write(client_.stream, codecs::bytes_of(bytes));
  client_.out.flush(client_.stream);
  linger();
}

void HttpFlow::on_due(Instant now) noexcept {
  if (state_ == State::kWaiting) return gate_due();
  if (state_ == State::kLingering) return release();
  if (state_ == State::kResetting) return reset_after_data(now);
  if (state_ != State::kServing) return;
  if (up_.chain) up_.chain->advance(now);
  if (!over()) side_->advance(now);
  if (!over() && down_.chain) down_.chain->advance(now);
  work();
}

void HttpFlow::watch(const rules::PlanHolds& holds) {
  holds.watch(poster_.bind_to_loop([this] {
    if (state_ != State::kServing) return;
    conversation_.on_release(Loop::now());
    work();
  }));
}

// Sends pending bytes, resumes reading if there is room, and sets the deadline. The event handlers
// of this flow call it last.
void HttpFlow::work() {
  if (state_ != State::kServing) return;
  if (server_.stream && !server_.out.flush(server_.stream)) server_.out.clear();
  settles_ = false;
  if (http2_) http2_->settle(Loop::now());
  if (link_ && conversation_.waits_for_client()) conversation_.server_moved(Loop::now());
  if (state_ != State::kServing) return;
  if (!client_.out.flush(client_.stream)) return end(CloseMode::kReset);
  if (http2_ && http2_->wants_output() && client_takes()) settle_soon();
  if (link_ && conversation_.waits_for_client() && client_takes()) settle_soon();
  if (client_.stream.stopped() && obey_stop()) return;
  if (server_fin_ && server_.stream && server_.out.empty()) {
    server_fin_ = false;
    server_.stream.finish();
  }
  if (client_.out.empty() && down_ended_) {
    if (closing_) return resets_ ? reset_after_data(Loop::now()) : linger();
    if (std::exchange(client_fin_, false)) client_.stream.finish();
  }
  for (End* end : {&client_, &server_}) {
    if (may_read(*end)) host_.loop().poller().again(end->stream.number());
  }
  const auto next = std::min({side_->deadline(), up_.deadline(), down_.deadline()});
  host_.loop().deadlines().set(*this, next);
  count_held();
}

void HttpFlow::linger() {
  state_ = State::kLingering;
  client_.stream.finish();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kLingerTime));
  if (discard_input(host_.loop(), client_.stream.fd())) release();
}

void HttpFlow::reset_after_data(Instant now) {
  state_ = State::kResetting;
  if (!reset_wait_) reset_wait_.emplace(now);
  if (all_acknowledged(client_.stream.fd()) || reset_wait_->over(now))
    return end(CloseMode::kReset);
  host_.loop().deadlines().set(*this, reset_wait_->next(now));
}

void HttpFlow::end(CloseMode mode) {
  if (state_ == State::kOver) return;
  if (mode == CloseMode::kLinger) return state_ == State::kLingering ? void() : linger();
  if (mode == CloseMode::kReset) {
    reset_on_close(client_.stream.fd());
    if (server_.stream && !conversation_.server_reusable()) reset_on_close(server_.stream.fd());
  }
  release();
}

}  // namespace brownout::proxy
