#include "rules/protocols/http2/codec/server_connection.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "rules/protocols/http/codec/server_link.h"
#include "rules/protocols/http2/codec/head_framing.h"

namespace brownout::http2 {
namespace {

constexpr std::uint32_t kCancel = 0x8;  // RFC 9113, 7

}  // namespace

StreamLink::~StreamLink() {
  if (connection_ != nullptr) connection_->forget(*this);
}

void StreamLink::send_head(const Exchange::Outgoing& request, ByteView) {
  if (connection_ == nullptr) return;
  auto& head = request.message.head;
  const bool connects = rules::is_connect(request.framing.method) || !protocol_.empty();
  if (!protocol_.empty()) {
    head.method = "CONNECT";
    head.remove("sec-websocket-key");
  }
  copied_head_.reset();
  if (request.message.duplicate.count > 0 && !request.again) {
    copied_head_ = head;
    most_copied_ = static_cast<std::size_t>(request.message.duplicate.count);
  }
  const bool ends = !request.framing.has_body && !request.message.body && !connects;
  if (!connection_->has_settings_ && (connection_->cautious_ || !protocol_.empty())) {
    waiting_ = Waiting{.head = head, .ends = ends};
    return;
  }
  send_request(head, ends);
}

void StreamLink::send_request(const rules::HttpHead& head, bool ends) {
  const auto id = connection_->session_.send_request(head, scheme_, protocol_, ends);
  if (id == 0) {
    // The connection has ended or is ending, or does not allow an extended CONNECT.
    ended_ = true;
    refused_ = protocol_.empty();
    why_ = "the server takes no such request";
    return;
  }
  std::erase(connection_->unsent_, this);
  connection_->open_.add(id, this);
  id_ = id;
  sent_end_ = ends;
  if (!priority_.empty()) prioritize(std::exchange(priority_, {}));
  if (ends) send_copy();
  connection_->wire_.has_output();
}

void StreamLink::prioritize(std::string_view value) {
  if (connection_ == nullptr || ended_) return;
  if (id_ == 0) {
    priority_ = value;
    return;
  }
  connection_->session_.send_priority_update(id_, value);
  connection_->wire_.has_output();
}

void StreamLink::send_waiting() {
  const auto waiting = *std::exchange(waiting_, std::nullopt);
  send_request(waiting.head, waiting.ends);
  const std::array<ByteView, 1> body{ByteView(waiting.body)};
  if (!waiting.body.empty()) send_body({}, body);
  if (waiting.end) send_end(*waiting.end, true);
}

void StreamLink::send_copy() {
  if (!copied_head_) return;
  const auto head = *std::exchange(copied_head_, std::nullopt);
  auto& session = connection_->session_;
  const auto id = session.send_request(head, scheme_, "", copied_body_.empty());
  if (id == 0 || copied_body_.empty()) return;
  session.send_data(id, codecs::bytes_of(copied_body_));
  session.send_end(id, {});
}

void StreamLink::send_body(ByteView, std::span<const ByteView> payload) {
  if (waiting_) {
    for (const auto part : payload)
      waiting_->body.insert(waiting_->body.end(), part.begin(), part.end());
    return;
  }
  if (connection_ == nullptr || id_ == 0 || sent_end_) return;
  for (const auto part : payload) {
    connection_->session_.send_data(id_, part);
    if (copied_head_) copied_body_ += codecs::text_of(part);
  }
  if (copied_head_ && copied_body_.size() > most_copied_) {
    copied_head_.reset();
    connection_->wire_.report("sent once", "the request's body is longer than `limit`");
  }
  connection_->wire_.has_output();
}

void StreamLink::send_end(const std::vector<rules::HttpHeader>& trailers, bool whole) {
  if (waiting_ && whole) waiting_->end = trailers;
  if (waiting_) return;
  if (connection_ == nullptr || id_ == 0 || std::exchange(sent_end_, true)) return;
  // Resets the stream of an incomplete body, so that the server does not mistake it for a complete
  // one.
  whole ? connection_->session_.send_end(id_, trailers) : connection_->session_.reset(id_, kCancel);
  if (whole) send_copy();
  connection_->wire_.has_output();
}

http::Retry StreamLink::retry() const {
  if (ended_ && id_ == 0 && protocol_.empty()) return http::Retry::kUnsent;
  return refused_ ? http::Retry::kRefused : http::Retry::kNo;
}

std::size_t StreamLink::queued() const {
  // Applies backpressure to the request's body until its head is sent.
  if (waiting_) return std::numeric_limits<std::size_t>::max();
  return connection_ != nullptr && id_ != 0 ? connection_->session_.queued(id_) : 0;
}

bool StreamLink::ended() const { return ended_ && interims_.empty() && !final_ && body_.empty(); }

ServerLink::Read StreamLink::read(ByteView&, Exchange& exchange, Instant now, Edit edit) {
  if (broken_) return Read::kBroken;
  if (!interims_.empty()) {
    head_ = std::move(interims_.front());
    interims_.erase(interims_.begin());
    exchange.response_begins();
    return Read::kInterim;
  }
  if (exchange.phase(Direction::kDownstream) == Exchange::Phase::kHead) {
    if (!final_) return Read::kWait;
    auto head = std::exchange(final_, std::nullopt);
    auto framing = framing_of(*head, complete_ && body_.empty());
    if (edit != nullptr) edit(*head, framing);
    const auto& method = exchange.framing(Direction::kUpstream).method;
    const bool connects = rules::is_connect(method) || !protocol_.empty();
    tunnel_ = connects && head->status / 100 == 2;
    // start_tunnel() reads the head again.
    if (tunnel_) head_ = *head;
    exchange.response(std::move(framing), std::move(head), true, now);
    return Read::kMore;
  }
  if (tunnel_)
    return exchange.phase(Direction::kDownstream) == Exchange::Phase::kBody ? Read::kUpgraded
                                                                            : Read::kWait;
  if (!exchange.takes(Direction::kDownstream) || (body_.empty() && !complete_)) return Read::kWait;
  const std::array<ByteView, 1> payload{body_.view()};
  exchange.take(Direction::kDownstream, {}, payload, complete_, now);
  take_body();
  return Read::kWait;
}

void StreamLink::take_body() {
  const auto size = body_.size();
  body_.clear();
  if (connection_ == nullptr || size == 0) return;
  connection_->session_.consumed(id_, size);
  connection_->wire_.has_output();
}

void StreamLink::tunnel_send(ByteView bytes) {
  const std::array<ByteView, 1> payload{bytes};
  send_body({}, payload);
}

ServerConnection::ServerConnection(Wire& wire, bool cautious, const Session::Options& options)
    : wire_(wire), cautious_(cautious), session_(Session::Role::kClient, *this, options) {}

ServerConnection::~ServerConnection() {
  for (auto* link : unsent_) link->connection_ = nullptr;
  open_.for_each([](StreamId, StreamLink* link) { link->connection_ = nullptr; });
}

bool ServerConnection::has_room() const {
  // If no stream is open and a request is still not accepted, the connection must be ending.
  const bool ends = links_ == 0 && !session_.accepts_request() && session_.open_streams() == 0;
  return !failed_ && !leaving_ && links_ < most_ && !session_.over() && !ends;
}

std::unique_ptr<StreamLink> ServerConnection::open(http::LinkUser& user) {
  if (!has_room()) return nullptr;
  std::unique_ptr<StreamLink> link(new StreamLink(*this, user));
  unsent_.push_back(link.get());
  ++links_;
  return link;
}

void ServerConnection::forget(StreamLink& link) {
  --links_;
  std::erase(unsent_, &link);
  std::erase(refused_, &link);
  open_.remove(link.id_);
  if (link.id_ == 0 || failed_) return wire_.has_output();
  const bool through = link.complete_ && link.sent_end_;
  if (!through && !link.ended_) session_.reset(link.id_, link.reset_with_);
  if (!link.body_.empty()) session_.consumed(link.id_, link.body_.size());
  wire_.has_output();
}

void ServerConnection::receive(ByteView bytes, Instant now) {
  session_.receive(bytes, now);
  tell_users(now);
}

void ServerConnection::tell_users(Instant now) {
  // A user may end its own link or others, so each is looked up.
  for (const auto id : std::exchange(moved_, {})) {
    auto* link = find(id);
    if (link == nullptr) continue;
    link->moved_ = false;
    link->user_.server_moved(now);
  }
  while (!refused_.empty()) {
    auto* link = refused_.back();
    refused_.pop_back();
    link->user_.server_moved(now);
  }
  if (!failed_) return;
  while (!unsent_.empty()) {
    auto* link = unsent_.back();
    unsent_.pop_back();
    link->ended_ = link->refused_ = true;
    link->not_http2_ = !has_settings_;
    link->why_ = why_;
    link->user_.server_moved(now);
  }
}

void ServerConnection::finished(std::string_view why, Instant now) {
  on_failed(why);
  tell_users(now);
}

StreamLink* ServerConnection::find(StreamId id) {
  auto* found = open_.find(id);
  return found == nullptr ? nullptr : *found;
}

void ServerConnection::note_moved(StreamLink& link) {
  if (!std::exchange(link.moved_, true)) moved_.push_back(link.id_);
}

StreamLink* ServerConnection::moved(StreamId id) {
  auto* link = find(id);
  if (link != nullptr) note_moved(*link);
  return link;
}

void ServerConnection::on_head(StreamId id, rules::HttpHead&& head, std::string_view,
                               std::string_view, bool ended) {
  auto* link = moved(id);
  if (link == nullptr) return;
  link->final_ = std::move(head);
  link->complete_ = ended;
}

void ServerConnection::on_interim(StreamId id, rules::HttpHead&& head) {
  auto* link = moved(id);
  if (link != nullptr && link->interims_.size() < kMostInterims)
    link->interims_.push_back(std::move(head));
}

void ServerConnection::on_data(StreamId id, ByteView bytes) {
  if (auto* link = moved(id)) {
    link->body_.add(bytes);
    link->arrived_ += bytes.size();
  } else {
    session_.consumed(id, bytes.size());
  }
}

void ServerConnection::on_end(StreamId id, std::vector<rules::HttpHeader> trailers) {
  auto* link = moved(id);
  if (link == nullptr) return;
  link->trailers_ = std::move(trailers);
  link->complete_ = true;
}

void ServerConnection::on_reset(StreamId id, std::uint32_t code, bool refused,
                                std::string_view why) {
  auto* link = moved(id);
  if (link == nullptr) return;
  // A server that wants no more of the request resets with NO_ERROR after its response (RFC 9113,
  // 8.1).
  if (link->complete_) return;
  link->broken_ = !why.empty() && !refused;
  link->ended_ = true;
  link->refused_ = refused;
  link->code_ = code;
  link->why_ = why.empty() ? "the server has reset the stream" : std::string(why);
}

void ServerConnection::on_closed(StreamId) {}

void ServerConnection::on_sent(StreamId id, std::size_t) { moved(id); }

void ServerConnection::on_goaway(StreamId, std::uint32_t) { leaving_ = true; }

void ServerConnection::on_settings(std::uint32_t max_concurrent_streams) {
  most_ = std::min(max_concurrent_streams, kMostLinks);
  has_settings_ = true;
  for (auto* link : std::vector<StreamLink*>(unsent_)) {
    if (!link->waiting_) continue;
    link->send_waiting();
    link->id_ != 0 ? note_moved(*link) : refused_.push_back(link);
  }
}

void ServerConnection::on_failed(std::string_view why) {
  if (std::exchange(failed_, true)) return;
  why_ = why;
  open_.for_each([&](StreamId, StreamLink* link) {
    note_moved(*link);
    if (link->complete_) return;
    link->ended_ = true;
    link->why_ = why;
  });
}

}  // namespace brownout::http2
