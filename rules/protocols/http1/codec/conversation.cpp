#include "rules/protocols/http1/codec/conversation.h"

#include <algorithm>
#include <utility>

#include "rules/protocols/codec/codec_of.h"

namespace brownout::http {
namespace {

// Maximum number of bytes that the stages of bodies or a waiting request may hold before reading
// pauses.
constexpr std::size_t kMostHeld = 256 * 1024;

}  // namespace

Conversation::Conversation(Wire& wire, const rules::FlowFacts& connection,
                           const rules::Listener* listener)
    : wire_(wire), connection_(connection), listener_(listener) {}

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
  if (link_ == &http1_) http1_.server_finished(reset);
  pump(now);
}

void Conversation::server_ready(bool reused, Instant now) {
  http1_.open(reused);
  server_ready(static_cast<ServerLink&>(http1_), now);
}

void Conversation::server_ready(ServerLink& link, Instant now) {
  link_ = &link;
  server_in_.clear();
  if (!tunnel()) exchange_.server_ready(connection_, now);
  pump(now);
}

void Conversation::server_failed(std::string_view why, bool injected, Instant now) {
  if (tunnel()) return end(rules::Close::kReset);
  exchange_.server_failed(why, injected, now);
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
    if (!over() && connected() && link_->ended() && server_in_.empty()) server_end(now);
    if (!over() && client_ended_ && client_in_.empty()) client_end(now);
    moved = (!over() && settle(now)) || moved || tunnel() != was_tunnel;
  }
  pumping_ = false;
}

// Starts with the next request, once the current request and its response have been forwarded.
// Returns whether anything changed.
bool Conversation::settle(Instant now) {
  if (tunnel() || hung()) return false;
  const bool moved = exchange_.settle();
  if (!exchange_.done()) return moved;
  next_exchange(now);
  return true;
}

void Conversation::next_exchange(Instant now) {
  const bool quiet =
      link_ == &http1_ && !http1_.ended() && server_in_.empty() && upstream_ != End::kPassed;
  // If the client sent `Connection: close`, the server closes its connection, too.
  const bool both_stay = exchange_.framing(Direction::kUpstream).keep_alive &&
                         exchange_.framing(Direction::kDownstream).keep_alive;
  if (!quiet || (!exchange_.made_here() && !both_stay)) drop_server();
  exchange_.clear();
  if (close_after_) {
    mode_ = Mode::kOver;
    return wire_.close_client(rules::Close::kFin);
  }
  if (client_ended_ && client_in_.empty()) client_end(now);
}

bool Conversation::server_reusable() const {
  return link_ == &http1_ && !tunnel() && !hung() && !http1_.ended() && upstream_ != End::kPassed &&
         exchange_.idle();
}

void Conversation::drop_server() {
  if (!connected()) return;
  link_ = nullptr;
  upstream_ = End::kNotYet;
  wire_.drop_server();
}

void Conversation::ignore_rest() {
  close_after_ = true;
  discards_client_ = true;
}

void Conversation::end(rules::Close how) {
  if (over()) return;
  mode_ = Mode::kOver;
  exchange_.stop();
  drop_server();
  wire_.close_client(how);
}

void Conversation::hang() {
  mode_ = Mode::kHung;
  drop_server();
}

bool Conversation::upgrades_to_websocket() const {
  const bool websockets =
      listener_ != nullptr && listener_->protocol == rules::Protocol::kWebSocket;
  if (!websockets || exchange_.framing(Direction::kDownstream).status != 101) return false;
  const auto head = link_->head();
  const auto* protocol = head.find("upgrade");
  return protocol != nullptr && rules::same_header_name(*protocol, "websocket");
}

void Conversation::start_tunnel(Instant now) {
  // Closes the connection of a forward proxy's client instead of opening a tunnel, through which
  // this server would also get later requests for other servers.
  if (forwards_) return end(rules::Close::kFin);
  if (upgrades_to_websocket()) {
    const auto& facts = exchange_.facts(connection_);
    websocket_ = std::make_unique<messages::MessageTunnel>(
        static_cast<messages::MessageTunnel::Owner&>(*this),
        messages::codec_of_websocket(link_->head(), facts.key()), facts);
    websocket_->set_rules(wire_.rules(), now);
  }
  mode_ = Mode::kTunnel;
  exchange_.leave_rules();
  if (!connected()) wire_.ask_for_server(true);
}

// Ends a tunnel whose peers have both left, while a rule lets no end of a stream pass.
void Conversation::end_abandoned() {
  if (over() || !client_ended_ || !connected() || !link_->ended()) return;
  const bool cut = websocket_->blackholed(Direction::kUpstream) ||
                   websocket_->blackholed(Direction::kDownstream);
  if (cut) end(rules::Close::kFin);
}

void Conversation::tunnel_bytes(Direction direction, ByteView bytes) {
  if (over() || bytes.empty()) return;
  direction == Direction::kUpstream ? tunnel_to_server(bytes) : wire_.to_client(bytes);
}

void Conversation::tunnel_finished(Direction direction) {
  if (over()) return;
  auto& half = direction == Direction::kUpstream ? upstream_ : downstream_;
  if (std::exchange(half, End::kPassed) == End::kPassed) return;
  if (direction == Direction::kDownstream) {
    wire_.finish_client();
  } else {
    link_ == &http1_ ? wire_.finish_server() : link_->tunnel_finish();
  }
  if (upstream_ == End::kPassed && downstream_ == End::kPassed) end(rules::Close::kFin);
}

void Conversation::apply(const rules::RuleSet& set, Instant now) {
  if (websocket_ && !over()) websocket_->set_rules(set, now);
  if (over() || tunnel()) return;
  exchange_.apply(set, now);
  advance(now);
}

Instant Conversation::deadline() const {
  if (over()) return rules::kNever;
  const auto message = websocket_ ? websocket_->deadline() : rules::kNever;
  return std::min(tunnel() ? rules::kNever : exchange_.deadline(), message);
}

void Conversation::advance(Instant now) {
  while (!over()) {
    const auto at = deadline();
    if (at > now) break;
    if (!tunnel()) exchange_.advance(at);
    if (!over() && websocket_) websocket_->advance(at);
    pump(at);
  }
  pump(now);
}

void Conversation::on_release(Instant now) {
  exchange_.on_release(now);
  advance(now);
}

bool Conversation::wants_client() const {
  if (over()) return false;
  if (hung() || discards_client_) return true;
  if (client_in_.size() >= kMostHeld || exchange_.held(Direction::kUpstream) >= kMostHeld)
    return false;
  if (websocket_ && websocket_->held(Direction::kUpstream) >= kMostHeld) return false;
  if (connected() && link_->queued() >= kMostHeld) return false;
  if (tunnel()) return connected();
  // Continue reading after the request, to notice when the client closes.
  return request_phase() != Phase::kWaiting && request_phase() != Phase::kDialling;
}

bool Conversation::wants_server() const {
  if (over() || !connected()) return false;
  if (websocket_ && websocket_->held(Direction::kDownstream) >= kMostHeld) return false;
  if (server_in_.size() >= kMostHeld || exchange_.held(Direction::kDownstream) >= kMostHeld)
    return false;
  // Continue reading after the response, to notice when the server closes.
  return tunnel() || response_phase() != Phase::kWaiting;
}

}  // namespace brownout::http
