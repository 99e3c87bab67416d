// The part of Conversation that handles the server: it reads responses, and writes the messages of
// the exchange to the client and the server.
#include <utility>

#include "rules/protocols/http1/codec/conversation.h"
#include "rules/protocols/http1/forward.h"

namespace brownout::http {
namespace {

using rules::Malformed;

constexpr int kStatusOfUpgrade = 101;

// Removes headers that concern one connection only, for the client of a forward proxy.
void edit_for_proxy(rules::HttpHead& head, const codecs::HttpFraming& framing) {
  rules::remove_hop_headers(head);
  if (!framing.keep_alive) head.set("connection", "close");
}

}  // namespace

std::size_t Conversation::take_server(ByteView bytes, Instant now) {
  const auto all = bytes.size();
  while (!over() && server_step(bytes, now)) {
  }
  return all - bytes.size();
}

bool Conversation::server_step(ByteView& bytes, Instant now) {
  waits_for_client_ = false;
  if (hung() || !connected()) bytes = {};
  if (hung() || !connected()) return false;
  if (link_ != &http1_ && !wire_.client_takes()) {
    waits_for_client_ = true;
    return false;
  }
  if (tunnel()) return tunnel_step(bytes, now);
  if (!exchange_.awaits_response()) {
    // Bytes between responses are unsolicited. Close the server connection, because a later request
    // could mistake them for its response.
    if (!bytes.empty() && exchange_.idle()) drop_server();
    return false;
  }
  switch (link_->read(bytes, exchange_, now, forwards_ ? edit_for_proxy : nullptr)) {
    case ServerLink::Read::kWait:
      return false;
    case ServerLink::Read::kMore:
      return true;
    case ServerLink::Read::kInterim:
      send_interim();
      return true;
    case ServerLink::Read::kUpgraded:
      start_tunnel(now);
      return true;
    case ServerLink::Read::kBroken:
      response_broken(now);
      return tunnel();
  }
  return false;
}

bool Conversation::tunnel_step(ByteView& bytes, Instant now) {
  const auto data = link_ == &http1_ ? bytes : link_->tunnel_data();
  if (!data.empty()) {
    websocket_ ? websocket_->push(Direction::kDownstream, data, now) : wire_.to_client(data);
  }
  bytes = {};
  if (!connected() || link_ == &http1_) return false;
  link_->tunnel_taken();
  if (link_->tunnel_ended()) tunnel_finished(Direction::kDownstream);
  return false;
}

void Conversation::tunnel_to_server(ByteView bytes) {
  if (!connected()) return;
  link_ == &http1_ ? wire_.to_server(bytes) : link_->tunnel_send(bytes);
}

// A client of HTTP/1.0 does not know interim responses (RFC 9110, 15.2).
void Conversation::send_interim() {
  if (link_ == &http1_) return wire_.to_client(http1_.raw_head());
  if (requests_.framing().minor == 0) return;
  auto head = link_->head();
  head.start_line = rules::status_line(head.status);
  const auto text = head.text();
  wire_.to_client(codecs::bytes_of(text));
}

rules::HttpHead Conversation::received_head(Direction direction) {
  return direction == Direction::kUpstream ? requests_.head() : link_->head();
}

const std::vector<rules::HttpHeader>& Conversation::received_trailers(Direction direction) {
  return direction == Direction::kUpstream ? requests_.trailers() : link_->trailers();
}

void Conversation::send_continue() {
  wire_.to_client(codecs::bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
}

bool Conversation::send_head(const Exchange::Outgoing& out) {
  if (out.direction == Direction::kUpstream) {
    if (link_->version() == 2) make_http2(out);
    link_->send_head(out, requests_.raw_head());
    return true;
  }
  if (drains_) say_close(out);
  response_body_.begin(body_form(out));
  // HTTP/1.0 has no chunks: the end of the connection ends the body (RFC 9112, 6.3).
  const bool needs_chunks = out.message.edited && out.framing.chunked &&
                            out.message.head.find("transfer-encoding") == nullptr;
  const bool has_chunks = !needs_chunks || requests_.framing().minor > 0;
  if (!has_chunks) {
    response_body_.begin(BodyWriter::Form::kPlain);
    close_after_ = true;
  }
  bool goes_on = true;
  if (out.message.edited || out.made_here || out.message.malformed != Malformed::kNone) {
    make_http1(out, has_chunks);
    const auto text = response_text(out, goes_on);
    wire_.to_client(codecs::bytes_of(text));
  } else {
    wire_.to_client(http1_.raw_head());
  }
  if (!out.framing.keep_alive) close_after_ = true;
  return goes_on;
}

// Makes the response the last one of its connection (RFC 9112, 9.6). A response that begins a
// tunnel stays as it is.
void Conversation::say_close(const Exchange::Outgoing& out) {
  const bool connects = rules::is_connect(exchange_.framing(Direction::kUpstream).method);
  if (connects || out.framing.status == kStatusOfUpgrade) return;
  close_after_ = true;
  auto& message = out.message;
  if (message.malformed != Malformed::kNone) return;
  if (message.head.status == 0) message.head = link_->head();
  message.head.set("connection", "close");
  message.edited = true;
}

// Prepares the request for HTTP/2: parses its head, and replaces an absolute URL by a path.
void Conversation::make_http2(const Exchange::Outgoing& out) {
  auto& head = out.message.head;
  if (head.method.empty()) head = requests_.head();
  if (rules::server_of(head.target)) rules::make_direct(head);
}

// Returns the head to send. Sets `goes_on` to false if the connection must be closed directly after
// the head.
std::string Conversation::response_text(const Exchange::Outgoing& out, bool& goes_on) {
  auto& message = out.message;
  auto& head = message.head;
  if (message.malformed != Malformed::kNone) close_after_ = true;
  if (out.made_here && close_after_) head.set("connection", "close");
  switch (message.malformed) {
    case Malformed::kNone:
      break;
    case Malformed::kStatusLine:
      head.start_line = "HTTP/1.1 OK " + std::to_string(head.status);
      break;
    case Malformed::kChunkLength:
      head.remove("content-length");
      head.set("transfer-encoding", "chunked");
      break;
    case Malformed::kContentLength:
      head.set("content-length", Exchange::wrong_length(out));
      break;
    case Malformed::kHeadWithoutEnd: {
      goes_on = false;
      auto text = head.text();
      text.resize(text.size() - 2);
      return text;
    }
    case Malformed::kRandom:
      goes_on = false;
      return std::exchange(message.body, std::nullopt).value_or("");
  }
  return head.text();
}

void Conversation::send_body(Direction direction, ByteView raw, std::span<const ByteView> payload) {
  if (over() || (direction == Direction::kUpstream && !connected())) return;
  if (direction == Direction::kUpstream) return link_->send_body(raw, payload);
  response_body_.part(raw, payload, [this](ByteView bytes) { wire_.to_client(bytes); });
}

void Conversation::send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                            bool whole) {
  if (over() || (direction == Direction::kUpstream && !connected())) return;
  if (direction == Direction::kUpstream) return link_->send_end(trailers, whole);
  const auto text = whole ? response_body_.end(trailers) : std::string();
  if (!text.empty()) wire_.to_client(codecs::bytes_of(text));
}

// Passes a malformed response unchanged, where none of it was held back. A tunnel carries the
// remaining bytes, so no later request can get bytes of this response.
void Conversation::response_broken(Instant now) {
  const auto why = link_->why();
  wire_.report("not HTTP", "the response: " + why);
  const auto phase = response_phase();
  const bool passes = link_ == &http1_ && !http1_.speaks_http2();
  const bool head_held = phase == Phase::kCollecting || (!passes && phase == Phase::kHead);
  if (head_held) return exchange_.server_broken(why, now);
  if (link_ != &http1_ || exchange_.chained(Direction::kDownstream) ||
      !exchange_.own_body(Direction::kDownstream)) {
    return end(rules::Close::kFin);
  }
  if (phase == Phase::kHead) wire_.to_client(http1_.raw_head());
  start_tunnel(now);
}

void Conversation::server_end(Instant now) {
  const auto how = link_->how_ended();
  if (tunnel()) {
    if (how == rules::Close::kReset) return end(how);
    if (!websocket_) return tunnel_finished(Direction::kDownstream);
    if (downstream_ == End::kNotYet) {
      downstream_ = End::kInTunnel;
      websocket_->finish(Direction::kDownstream, now);
    }
    return end_abandoned();
  }
  if (!connected() || hung() || response_phase() == Phase::kWaiting) return;
  if (!exchange_.awaits_response()) return drop_server();
  const bool in_body = response_phase() != Phase::kHead;
  const bool pending = in_body && !exchange_.source_ended(Direction::kDownstream);
  const bool whole = pending && link_->ends_response();
  if (pending) close_after_ = true;
  const auto retry = upstream_ == End::kPassed ? Retry::kNo : link_->retry();
  exchange_.server_ended(how, whole, retry, now);
}

}  // namespace brownout::http
