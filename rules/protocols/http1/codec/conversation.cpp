#include "rules/protocols/http1/codec/conversation.h"

#include "rules/protocols/codec/codec_of.h"

#include <algorithm>
#include <array>
#include <utility>

namespace brownout::http {
namespace {

// Maximum number of bytes that the stages of bodies or a waiting request may hold before reading
// pauses.
constexpr std::size_t kMostHeld = 256 * 1024;

}  // namespace

Conversation::Conversation(Wire& wire, const rules::FlowFacts& connection, bool websockets)
    : wire_(wire), connection_(connection), websockets_(websockets) {}

void Conversation::client_bytes(ByteView bytes, Instant now) {
  if (client_in_.empty() && !over()) {
    pumping_ = true;
    bytes = bytes.subspan(take_client(bytes, now));
    pumping_ = false;
  }
  client_in_.add(bytes);
  pump(now);
}

void Conversation::server_bytes(ByteView bytes, Instant now) {
  if (server_in_.empty() && !over()) {
    pumping_ = true;
    bytes = bytes.subspan(take_server(bytes, now));
    pumping_ = false;
  }
  server_in_.add(bytes);
  pump(now);
}

void Conversation::client_finished(Instant now) {
  client_ended_ = true;
  pump(now);
}

void Conversation::server_finished(bool reset, Instant now) {
  if (connected()) server_ = reset ? Server::kReset : Server::kEnded;
  pump(now);
}

void Conversation::server_ready(bool reused, Instant now) {
  server_ = Server::kOpen;
  reused_ = reused;
  server_in_.clear();
  responses_.emplace(codecs::Http1Parser::Side::kResponses);
  if (request_.phase == Phase::kDialling) server_is_known(now);
  pump(now);
}

void Conversation::server_failed(std::string_view why, bool injected, Instant now) {
  if (tunnel() || injected) return end(rules::Close::kReset);
  request_body_.begin(BodyPath::Form::kDiscard, facts_, {}, now);
  request_.phase = Phase::kBody;
  answer_here({502, {{"content-type", "text/plain"}}, "brownout: " + std::string(why) + "\n"}, now);
  pump(now);
}

// Processes buffered bytes until no step makes progress.
void Conversation::pump(Instant now) {
  if (pumping_) return;
  pumping_ = true;
  bool moved = true;
  while (moved && !over()) {
    const bool was_tunnel = tunnel();
    const auto from_client = take_client(client_in_.view(), now);
    client_in_.take(from_client);
    const auto from_server = over() ? 0 : take_server(server_in_.view(), now);
    // server_ready() may have cleared server_in_, so fewer bytes may be left than were processed.
    server_in_.take(std::min(from_server, server_in_.size()));
    moved = from_client + from_server > 0;
    if (!over() && server_ended() && server_in_.empty()) server_end(now);
    if (!over() && client_ended_ && client_in_.empty()) client_end(now);
    moved = (!over() && settle(now)) || moved || tunnel() != was_tunnel;
  }
  pumping_ = false;
}

// Starts with the next request, once the current request and its response have been forwarded.
// Returns whether anything changed.
bool Conversation::settle(Instant now) {
  if (tunnel() || hung()) return false;
  bool moved = false;
  const auto done = [&](Side& side) {
    if (side.phase != Phase::kBody || !side.passed || !side.source_ended) return false;
    side.phase = Phase::kDone;
    return moved = true;
  };
  if (done(request_) && copy_) {
    wire_.send_copy(std::move(*copy_), request_.framing.method);
    copy_.reset();
  }
  done(response_);
  if (request_.phase != Phase::kDone || response_.phase != Phase::kDone) return moved;
  next_exchange(now);
  return true;
}

void Conversation::next_exchange(Instant now) {
  const bool quiet = !server_ended() && server_in_.empty() && upstream_ != End::kPassed;
  // If the client sent `Connection: close`, the server closes its connection, too.
  const bool reusable =
      quiet && (made_here_ || (request_.framing.keep_alive && response_.framing.keep_alive));
  if (!reusable) drop_server();
  plan_.clear();
  request_body_.drop();
  response_body_.drop();
  http_.reset();
  request_ = {};
  response_ = {};
  if (close_after_) {
    mode_ = Mode::kOver;
    return wire_.close_client(rules::Close::kFin);
  }
  made_here_ = false;
  response_began_ = false;
  retried_ = false;
  met_server_ = false;
  ready_ = rules::kNever;
  copy_.reset();
  if (client_ended_ && client_in_.empty()) client_end(now);
}

bool Conversation::server_reusable() const {
  return connected() && !tunnel() && !hung() && !server_ended() && upstream_ != End::kPassed &&
         request_.phase == Phase::kHead;
}

void Conversation::drop_server() {
  if (!connected()) return;
  server_ = Server::kNone;
  upstream_ = End::kNotYet;
  wire_.drop_server();
}

void Conversation::ignore_rest() {
  request_body_.drop();
  request_.phase = Phase::kDone;
  close_after_ = true;
  discards_client_ = true;
}

void Conversation::end(rules::Close how) {
  if (over()) return;
  mode_ = Mode::kOver;
  if (response_.phase == Phase::kBody && !response_.passed) wire_.cut_short();
  ready_ = rules::kNever;
  plan_.clear();
  drop_server();
  wire_.close_client(how);
}

void Conversation::hang() {
  mode_ = Mode::kHung;
  ready_ = rules::kNever;
  plan_.holds().clear();
  drop_server();
}

bool Conversation::upgrades_to_websocket() const {
  if (!websockets_ || response_.framing.status != 101) return false;
  const auto head = responses_->head();
  const auto* protocol = head.find("upgrade");
  return protocol != nullptr && rules::same_header_name(*protocol, "websocket");
}

void Conversation::start_tunnel(Instant now) {
  // The client of a forward proxy may send later requests for other servers. A tunnel would show
  // them to this server, so the connection closes.
  if (forwards_) return end(rules::Close::kFin);
  if (upgrades_to_websocket()) {
    if (!http_) {
      facts_ = connection_;
      http_ = rules::HttpExchange::of(requests_.head());
      facts_.http = &*http_;
    }
    const auto head = responses_->head();
    const auto* chosen = head.find("sec-websocket-protocol");
    websocket_ = std::make_unique<messages::MessageTunnel>(
        static_cast<messages::MessageTunnel::Owner&>(*this),
        messages::codec_of_websocket(chosen != nullptr ? *chosen : std::string(),
                                     head.list("sec-websocket-extensions"), facts_.key()),
        facts_);
    websocket_->set_rules(wire_.rules(), now);
  }
  mode_ = Mode::kTunnel;
  plan_.clear();
  if (!connected()) wire_.ask_for_server(true);
}

void Conversation::record(Direction direction, const rules::HttpPlan::Notes& notes) {
  for (const auto& [rule, note] : notes) wire_.record(facts_, *rule, direction, note);
}

void Conversation::tunnel_bytes(Direction direction, ByteView bytes) {
  if (over() || bytes.empty()) return;
  direction == Direction::kUpstream ? wire_.to_server(bytes) : wire_.to_client(bytes);
}

void Conversation::tunnel_finished(Direction direction) {
  if (over()) return;
  auto& half = direction == Direction::kUpstream ? upstream_ : downstream_;
  if (std::exchange(half, End::kPassed) == End::kPassed) return;
  direction == Direction::kUpstream ? wire_.finish_server() : wire_.finish_client();
  if (upstream_ == End::kPassed && downstream_ == End::kPassed) end(rules::Close::kFin);
}

void Conversation::apply(const rules::RuleSet& set, Instant now) {
  if (websocket_ && !over()) websocket_->set_rules(set, now);
  if (over() || tunnel()) return;
  request_body_.set_rules(plan_.body_rules(Direction::kUpstream, set), now);
  if (!over()) {
    response_body_.set_rules(plan_.body_rules(Direction::kDownstream, set), now);
  }
  // If a rule of the plan was removed, the delay of the message ends now.
  if (!over() && ready_ != rules::kNever && !plan_.holds_in(set)) ready_ = now;
  plan_.holds().keep(set);
  for (auto* side : {&request_, &response_}) {
    if (over() || side->phase != Phase::kCollecting) continue;
    auto& readers = side->message.body_readers;
    std::erase_if(readers, [&](const rules::RuleRef& rule) { return !set.has(rule); });
    if (readers.empty()) wait(*side, now);
  }
  advance(now);
}

Instant Conversation::deadline() const {
  if (over()) return rules::kNever;
  const auto message = websocket_ ? websocket_->deadline() : rules::kNever;
  return std::min({due(), request_body_.deadline(), response_body_.deadline(), message});
}

// Returns the time at which the waiting message must be checked: at the end of its delay, or at the
// latest time until which a rule holds it.
Instant Conversation::due() const {
  if (ready_ == rules::kNever) return rules::kNever;
  return plan_.holds().empty() ? ready_ : plan_.holds().deadline();
}

void Conversation::wait(Side& side, Instant now) {
  if (side.message.delay <= Duration::zero() && plan_.holds().empty()) return go_on(side, now);
  side.phase = Phase::kWaiting;
  ready_ = rules::later(now, side.message.delay);
  if (!plan_.holds().empty()) wire_.watch(plan_.holds());
}

// Handles the time that due() returned: sends the waiting message on, or lets the rules that hold
// the message decide.
void Conversation::wake(Side& side, Instant now) {
  if (plan_.holds().empty()) return go_on(side, now);
  rules::HttpPlan::Notes notes;
  plan_.holds().wake(now, notes);
  record(side.message.direction, notes);
}

void Conversation::go_on(Side& side, Instant now) {
  ready_ = rules::kNever;
  &side == &request_ ? decide_request(now) : send_response(now);
}

void Conversation::advance(Instant now) {
  while (!over()) {
    const auto at = deadline();
    if (at > now) break;
    if (due() <= at) {
      wake(request_.phase == Phase::kWaiting ? request_ : response_, at);
    } else {
      request_body_.advance(at);
      if (!over()) response_body_.advance(at);
      if (!over() && websocket_) websocket_->advance(at);
    }
    pump(at);
  }
  pump(now);
}

void Conversation::on_release(Instant now) {
  plan_.holds().look();
  if (ready_ != rules::kNever) ready_ = std::max(ready_, now);
  advance(now);
}

bool Conversation::wants_client() const {
  if (over()) return false;
  if (hung() || discards_client_) return true;
  if (client_in_.size() >= kMostHeld || request_body_.held() >= kMostHeld) return false;
  if (websocket_ && websocket_->held(Direction::kUpstream) >= kMostHeld) return false;
  if (tunnel()) return connected();
  // Continue reading after the request, to notice when the client closes.
  return request_.phase != Phase::kWaiting && request_.phase != Phase::kDialling;
}

bool Conversation::wants_server() const {
  if (over() || !connected()) return false;
  if (websocket_ && websocket_->held(Direction::kDownstream) >= kMostHeld) return false;
  if (server_in_.size() >= kMostHeld || response_body_.held() >= kMostHeld) return false;
  // Continue reading after the response, to notice when the server closes.
  return tunnel() || response_.phase != Phase::kWaiting;
}

void Conversation::body_bytes(Direction direction, ByteView bytes) {
  if (over()) return;
  if (direction == Direction::kDownstream) return wire_.to_client(bytes);
  wire_.to_server(bytes);
  if (copy_) keep_copy(bytes);
}

void Conversation::body_passed(Direction direction) {
  (direction == Direction::kUpstream ? request_ : response_).passed = true;
}

}  // namespace brownout::http
