#include "rules/protocols/http2/codec/client_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/match/protocol.h"
#include "rules/protocols/http2/codec/client_connection.h"
#include "rules/protocols/http2/codec/head_framing.h"

namespace brownout::http2 {
namespace {

// Number of bytes of one stream that may wait for the client or the server before reading from the
// other side pauses.
constexpr std::size_t kMostHeld = 256 * 1024;
// Error codes (RFC 9113, 7).
constexpr std::uint32_t kNoError = 0x0;
constexpr std::uint32_t kInternalError = 0x2;

// A fixed Sec-WebSocket-Key. The header is mandatory (RFC 6455, 4.1), but its value does not matter
// here.
constexpr std::string_view kWebSocketKey = "YnJvd25vdXQtb3Zlci1oMg==";

// Makes an extended CONNECT for WebSocket the upgrade that an HTTP/1 client would send (RFC 8441,
// 5).
void make_upgrade(rules::HttpHead& head) {
  head.method = "GET";
  head.set("connection", "Upgrade");
  head.set("upgrade", "websocket");
  head.set("sec-websocket-key", kWebSocketKey);
}

}  // namespace

ClientStream::ClientStream(ClientConnection& connection, StreamId id, std::uint64_t number)
    : connection_(connection), id_(id), number_(number) {}

ClientStream::~ClientStream() {
  over_ = true;
  connection_.recount(*this, {});
  connection_.wire_.ended(*this);
  leave_server();
}

void ClientStream::begin(rules::HttpHead&& head, std::string_view scheme, std::string_view protocol,
                         bool ended, Instant now) {
  scheme_ = scheme;
  protocol_ = protocol;
  client_ended_ = ended;
  is_connect_ = rules::is_connect(head.method);
  if (protocol_ == "websocket") make_upgrade(head);
  auto& wire = connection_.wire_;
  wire.begins(*this);
  Exchange::Request request{.connection = wire.facts(*this),
                            .framing = framing_of(head, ended || is_connect_),
                            .head = std::move(head),
                            .edited = true,
                            .number = number_};
  request.listener = &connection_.listener_;
  request.knows_server = request.connection.intercepted;
  pumping_ = true;  // server_ready() need not pump
  exchange_.begin(std::move(request), now);
  pumping_ = false;
  pump(now);
}

void ClientStream::data(ByteView bytes, Instant now) {
  client_in_.add(bytes);
  pump(now);
}

void ClientStream::finished(std::vector<rules::HttpHeader> trailers, Instant now) {
  trailers_ = std::move(trailers);
  client_ended_ = true;
  pump(now);
}

void ClientStream::prioritize(std::string_view value) {
  priority_ = value;
  if (link_ != nullptr) link_->prioritize(priority_);
}

void ClientStream::gone() {
  if (over_) return;
  set_over();
  exchange_.stop();
  leave_server();
}

void ClientStream::set_over() {
  over_ = true;
  connection_.over_streams_.push_back(id_);
}

void ClientStream::apply(const rules::RuleSet& set, Instant now) {
  if (over_) return;
  if (messages_) messages_->set_rules(set, now);
  if (!tunnel_) exchange_.apply(set, now);
  advance(now);
}

Instant ClientStream::deadline() const {
  if (over_) return rules::kNever;
  const auto message = messages_ ? messages_->deadline() : rules::kNever;
  return std::min(tunnel_ ? rules::kNever : exchange_.deadline(), message);
}

void ClientStream::advance(Instant now) {
  while (!over_) {
    const auto at = deadline();
    if (at > now) break;
    if (!tunnel_) exchange_.advance(at);
    if (!over_ && messages_) messages_->advance(at);
    pump(at);
  }
  pump(now);
}

void ClientStream::on_release(Instant now) {
  exchange_.on_release(now);
  advance(now);
}

void ClientStream::pump(Instant now) {
  if (over_ || std::exchange(pumping_, true)) return;
  bool moved = true;
  while (moved && !over_) {
    const bool was_tunnel = tunnel_;
    moved = read_client(now);
    if (!over_) moved = read_server(now) || moved;
    if (!over_ && link_ != nullptr && link_->ended() && server_in_.empty()) server_end(now);
    if (!over_ && !tunnel_) moved = exchange_.settle() || moved;
    if (!over_ && !tunnel_ && exchange_.done()) complete(now);
    moved = moved || tunnel_ != was_tunnel;
  }
  connection_.recount(*this, now);
  pumping_ = false;
  if (link_ == &http1_ && wants_server()) connection_.wire_.resume_server(*this);
}

bool ClientStream::client_takes() const {
  const auto faults =
      messages_ ? messages_->held(Direction::kDownstream) : exchange_.held(Direction::kDownstream);
  return connection_.session_.queued(id_) < kMostHeld && faults < kMostHeld;
}

bool ClientStream::server_takes() const {
  if (link_ == nullptr) return true;
  const auto faults =
      messages_ ? messages_->held(Direction::kUpstream) : exchange_.held(Direction::kUpstream);
  if (faults >= kMostHeld) return false;
  return link_ == &http1_ ? connection_.wire_.server_takes(*this) : link_->queued() < kMostHeld;
}

// Takes what the client has sent. Returns whether anything was taken.
bool ClientStream::read_client(Instant now) {
  const auto size = client_in_.size();
  if (hung_ || ignores_rest_) {
    client_in_.clear();
  } else if (tunnel_) {
    if (link_ == nullptr || !server_takes()) return false;
    if (size == 0) {
      if (client_ended_ && !std::exchange(client_fin_, true))
        messages_ ? messages_->finish(Direction::kUpstream, now)
                  : tunnel_finished(Direction::kUpstream);
      return false;
    }
    messages_ ? messages_->push(Direction::kUpstream, client_in_.view(), now)
              : tunnel_bytes(Direction::kUpstream, client_in_.view());
    client_in_.clear();
  } else {
    const bool ends = client_ended_ || is_connect_;
    if (!exchange_.takes(Direction::kUpstream) || !server_takes()) return false;
    if ((size == 0 || is_connect_) && !ends) return false;
    const std::array<ByteView, 1> payload{is_connect_ ? ByteView() : client_in_.view()};
    exchange_.take(Direction::kUpstream, {}, payload, ends, now);
    if (is_connect_) return true;
    client_in_.clear();
  }
  if (size > 0) connection_.session_.consumed(id_, size);
  return size > 0;
}

bool ClientStream::read_server(Instant now) {
  const auto size = server_in_.size();
  const auto taken = take_server(server_in_.view(), now);
  // server_ready() may have cleared server_in_, so fewer bytes may be left than were processed.
  server_in_.take(std::min(taken, server_in_.size()));
  return taken > 0 && size > 0;
}

void ClientStream::server_bytes(ByteView bytes, Instant now) {
  if (over_) return;
  if (server_in_.empty() && !std::exchange(pumping_, true)) {
    bytes = bytes.subspan(take_server(bytes, now));
    pumping_ = false;
  }
  server_in_.add(bytes);
  pump(now);
}

void ClientStream::server_finished(bool reset, Instant now) {
  http1_.server_finished(reset);
  pump(now);
}

void ClientStream::server_ready(bool reused, Instant now) {
  // HTTP/1 has an upgrade for WebSocket only (RFC 8441, 5).
  if (!protocol_.empty() && protocol_ != "websocket") {
    leave_server();
    return server_failed(
        "the server speaks HTTP/1, where CONNECT cannot begin the protocol \"" + protocol_ + "\"",
        false, now);
  }
  http1_.open(reused);
  server_ready(static_cast<ServerLink&>(http1_), now);
}

void ClientStream::server_ready(ServerLink& link, Instant now) {
  server_in_.clear();
  link_ = &link;
  if (!priority_.empty()) link.prioritize(priority_);
  exchange_.server_ready(connection_.wire_.facts(*this), now);
  pump(now);
}

void ClientStream::server_failed(std::string_view why, bool injected, Instant now) {
  exchange_.server_failed(why, injected, now);
  pump(now);
}

bool ClientStream::wants_server() const {
  if (over_ || link_ == nullptr) return false;
  if (server_in_.size() >= kMostHeld || !client_takes()) return false;
  // Continue reading after the response, to notice when the server closes.
  return tunnel_ || exchange_.phase(Direction::kDownstream) != Phase::kWaiting;
}

void ClientStream::complete(Instant) {
  if (!std::exchange(sent_end_, true)) connection_.session_.send_end(id_, {});
  // Asks the client to stop sending a request body that will not be read (RFC 9113, 8.1).
  if (!client_ended_) connection_.session_.reset(id_, kNoError);
  if (!client_in_.empty()) connection_.session_.consumed(id_, client_in_.size());
  reusable_ = link_ == &http1_ && !http1_.ended() && server_in_.empty() &&
              (exchange_.made_here() || exchange_.framing(Direction::kDownstream).keep_alive);
  set_over();
  leave_server();
}

void ClientStream::leave_server() {
  if (std::exchange(link_, nullptr) == &http1_) http1_.close();
  connection_.wire_.drop_server(*this);
}

void ClientStream::drop_server() { leave_server(); }

void ClientStream::ask_for_server(bool fresh) { connection_.wire_.ask_for_server(*this, fresh); }

// Ends the stream early: with kFin after the data that was already sent, as a connection of HTTP/1
// ends. A stream that the server has reset ends for the client with the same code.
void ClientStream::end(rules::Close how) {
  if (over_) return;
  const auto code = link_ != nullptr && link_->ended() ? link_->reset_code() : kNoError;
  finish_with(code != kNoError ? code : kInternalError, how != rules::Close::kReset);
}

void ClientStream::finish_with(std::uint32_t code, bool after_data) {
  exchange_.stop();
  set_over();
  if (after_data && sent_head_) {
    connection_.reset_after_data(id_, code);
  } else {
    connection_.session_.reset(id_, code);
  }
  leave_server();
}

void ClientStream::reset_stream(std::uint32_t code, bool both_sides) {
  if (over_) return;
  if (both_sides && link_ != nullptr) link_->reset_with(code);
  finish_with(code, true);
}

void ClientStream::send_goaway(const rules::Goaway& goaway) {
  connection_.send_goaway(id_, goaway);
  // GOAWAY with last stream 0 tells the client that the request was not processed. The client may
  // send it again, so it must not reach a server now.
  if (goaway.last == rules::Goaway::Last::kZero) gone();
}

void ClientStream::hang() {
  hung_ = true;
  leave_server();
}

const rules::RuleSet& ClientStream::rules() { return connection_.wire_.rules(); }
void ClientStream::responds(int status) { connection_.wire_.responds(*this, status); }
void ClientStream::cut_short() { connection_.wire_.cut_short(*this); }
void ClientStream::watch(const rules::PlanHolds& holds) { connection_.wire_.watch(*this, holds); }
void ClientStream::to_server(ByteView bytes) { connection_.wire_.to_server(*this, bytes); }

void ClientStream::record(const rules::FlowFacts& request, const rules::Rule& rule,
                          Direction direction, const rules::Note& note) {
  connection_.wire_.record(request, rule, direction, note);
}

void ClientStream::report(std::string_view event, std::string_view why) {
  connection_.wire_.report(event, why);
}

void ClientStream::send_copy(std::string request, std::string_view method) {
  connection_.wire_.send_copy(*this, std::move(request), method);
}

}  // namespace brownout::http2
