// The part of ClientStream that reads responses, and writes the messages of the exchange to the
// client and the server.
#include <utility>

#include "rules/match/protocol.h"
#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/http2/codec/client_connection.h"

namespace brownout::http2 {
namespace {

using rules::Malformed;

}  // namespace

std::size_t ClientStream::take_server(ByteView bytes, Instant now) {
  const auto all = bytes.size();
  while (!over_ && server_step(bytes, now)) {
  }
  return all - bytes.size();
}

// Processes one step of the response. Returns false if the next step must wait for another event.
bool ClientStream::server_step(ByteView& bytes, Instant now) {
  if (hung_ || link_ == nullptr) bytes = {};
  if (hung_ || link_ == nullptr) return false;
  if (tunnel_) {
    const auto data = link_ == &http1_ ? bytes : link_->tunnel_data();
    if (!client_takes()) return false;
    if (!data.empty()) {
      messages_ ? messages_->push(Direction::kDownstream, data, now)
                : tunnel_bytes(Direction::kDownstream, data);
      if (link_ != nullptr) link_->tunnel_taken();
    }
    bytes = {};
    if (link_ != nullptr && link_->tunnel_ended() && !std::exchange(server_fin_, true))
      messages_ ? messages_->finish(Direction::kDownstream, now)
                : tunnel_finished(Direction::kDownstream);
    return false;
  }
  if (!exchange_.awaits_response()) return false;
  const bool in_head = exchange_.phase(Direction::kDownstream) == Phase::kHead;
  if (!in_head && !client_takes()) return false;
  switch (link_->read(bytes, exchange_, now, nullptr)) {
    case ServerLink::Read::kWait:
      return false;
    case ServerLink::Read::kMore:
      return true;
    case ServerLink::Read::kInterim:
      connection_.session_.send_interim(id_, link_->head());
      return true;
    case ServerLink::Read::kUpgraded:
      start_tunnel(now);
      return true;
    case ServerLink::Read::kBroken:
      response_broken(now);
      return false;
  }
  return false;
}

void ClientStream::response_broken(Instant now) {
  const auto why = link_->why();
  report("not HTTP", "the response: " + why);
  const auto phase = exchange_.phase(Direction::kDownstream);
  const bool unsent = phase == Phase::kHead || phase == Phase::kCollecting;
  unsent ? exchange_.server_broken(why, now) : end(rules::Close::kReset);
}

void ClientStream::server_end(Instant now) {
  const auto how = link_->how_ended();
  if (tunnel_) {
    if (how == rules::Close::kReset) return end(how);
    if (std::exchange(server_fin_, true)) return;
    return messages_ ? messages_->finish(Direction::kDownstream, now)
                     : tunnel_finished(Direction::kDownstream);
  }
  const auto phase = exchange_.phase(Direction::kDownstream);
  if (hung_ || phase == Phase::kWaiting) return;
  if (!exchange_.awaits_response()) return leave_server();
  const bool pending = phase != Phase::kHead && !exchange_.source_ended(Direction::kDownstream);
  const bool whole = pending && link_->ends_response();
  exchange_.server_ended(how, whole, link_->retry(), now);
}

// Begins the tunnel after the response to CONNECT, or to a WebSocket upgrade.
void ClientStream::start_tunnel(Instant now) {
  if (!is_connect_) return end(rules::Close::kReset);
  tunnel_ = true;
  exchange_.leave_rules();
  const bool messages = connection_.listener_.protocol == rules::Protocol::kWebSocket;
  if (protocol_ != "websocket" || !messages) return;
  const auto& facts = exchange_.facts(connection_.wire_.facts(*this));
  messages_ = std::make_unique<messages::MessageTunnel>(
      static_cast<messages::MessageTunnel::Owner&>(*this),
      messages::codec_of_websocket(link_->head(), facts.key()), facts);
  messages_->set_rules(connection_.wire_.rules(), now);
}

rules::HttpHead ClientStream::received_head(Direction) {
  return link_ != nullptr ? link_->head() : rules::HttpHead();
}

const std::vector<rules::HttpHeader>& ClientStream::received_trailers(Direction direction) {
  return direction == Direction::kUpstream ? trailers_ : link_->trailers();
}

void ClientStream::send_continue() {
  rules::HttpHead head;
  head.status = 100;
  connection_.session_.send_interim(id_, head);
}

bool ClientStream::send_head(const Exchange::Outgoing& out) {
  if (out.direction == Direction::kUpstream) {
    link_->send_head(out, {});
    return true;
  }
  auto& message = out.message;
  auto& head = message.head;
  if (head.status == 0) head = link_->head();
  if (message.malformed == Malformed::kContentLength) {
    head.set("content-length", Exchange::wrong_length(out));
  } else if (message.malformed != Malformed::kNone) {
    // HTTP/2 cannot express these syntax errors, so the stream is ended instead.
    return false;
  }
  const bool opens = is_connect_ && (head.status == 101 || head.status / 100 == 2) &&
                     !out.made_here &&
                     (protocol_.empty() || link_->version() == 2 || head.status == 101);
  if (opens && head.status == 101) {
    head.status = 200;
    head.remove("sec-websocket-accept");
  }
  // The stream of a failed gRPC call ends with its head ("gRPC over HTTP2", Trailers-Only).
  const bool no_body = message.body
                           ? message.body->empty()
                           : !out.made_here && (out.framing.content_length == std::uint64_t{0} ||
                                                (out.framing.major == 2 && !out.framing.has_body));
  sent_end_ = !opens && (!out.may_have_body || no_body);
  sent_head_ = true;
  connection_.session_.send_response(id_, std::move(head), sent_end_);
  return true;
}

void ClientStream::send_body(Direction direction, ByteView raw, std::span<const ByteView> payload) {
  if (over_) return;
  if (direction == Direction::kUpstream) {
    if (link_ != nullptr) link_->send_body(raw, payload);
    return;
  }
  if (sent_end_) return;
  for (const auto part : payload) connection_.session_.send_data(id_, part);
}

void ClientStream::send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                            bool whole) {
  if (over_) return;
  if (direction == Direction::kUpstream) {
    // A tunnel follows the head of CONNECT, so the stream does not end with it.
    if (link_ != nullptr && !is_connect_) link_->send_end(trailers, whole);
    return;
  }
  // Resets the stream, so that the client does not mistake an incomplete body for a complete one.
  if (!whole) return end(rules::Close::kFin);
  if (!std::exchange(sent_end_, true)) connection_.session_.send_end(id_, trailers);
}

void ClientStream::tunnel_bytes(Direction direction, ByteView bytes) {
  if (over_ || bytes.empty()) return;
  if (direction == Direction::kDownstream) return connection_.session_.send_data(id_, bytes);
  if (link_ == nullptr) return;
  link_ == &http1_ ? to_server(bytes) : link_->tunnel_send(bytes);
}

void ClientStream::tunnel_finished(Direction direction) {
  if (over_) return;
  if (direction == Direction::kDownstream) {
    if (!std::exchange(sent_end_, true)) connection_.session_.send_end(id_, {});
    server_fin_ = true;
  } else if (link_ != nullptr) {
    link_ == &http1_ ? connection_.wire_.finish_server(*this) : link_->tunnel_finish();
    client_fin_ = true;
  }
  if (!client_fin_ || !server_fin_) return;
  set_over();
  exchange_.stop();
  leave_server();
}

void ClientStream::tunnel_injected(const rules::Rule& rule, Direction direction,
                                   const rules::Note& note) {
  record(exchange_.facts(connection_.wire_.facts(*this)), rule, direction, note);
}

}  // namespace brownout::http2
