// The part of Exchange that handles bodies: it collects those that rules need as a whole, and
// forwards them.
#include <algorithm>
#include <array>
#include <utility>

#include "rules/protocols/http/codec/exchange.h"

namespace brownout::http {
namespace {

constexpr std::uint64_t kTooLong = 10;

}  // namespace

std::string Exchange::wrong_length(const Outgoing& out) {
  const auto& body = out.message.body;
  const auto right = body ? body->size() : out.framing.content_length.value_or(0);
  return std::to_string(right + kTooLong);
}

bool Exchange::takes(Direction direction) const {
  const auto& from = side(direction);
  const bool reads = from.phase == Phase::kBody || from.phase == Phase::kCollecting;
  return reads && !from.source_ended && !stopped_;
}

void Exchange::take(Direction direction, ByteView raw, std::span<const ByteView> payload,
                    bool ended, Instant now) {
  auto& from = side(direction);
  if (ended) from.trailers = owner_.received_trailers(direction);
  if (from.phase == Phase::kCollecting) return collect(from, payload, ended, now);
  if (from.own_body) pass(direction, raw, payload, now);
  if (!ended || stopped_) return;
  from.source_ended = true;
  if (from.own_body) pass_end(direction, true, now);
}

bool Exchange::blackholed() const {
  if (request_body_.blackholed() || response_body_.blackholed()) return true;
  return messages_ && (messages_->blackholed(Direction::kUpstream) ||
                       messages_->blackholed(Direction::kDownstream));
}

void Exchange::pass(Direction direction, ByteView raw, std::span<const ByteView> payload,
                    Instant now) {
  if (!reads_messages(direction)) return path(direction).take(raw, payload, now);
  now_ = now;
  for (const auto part : payload) {
    if (!stopped_) messages_->push(direction, part, now);
  }
}

void Exchange::pass_end(Direction direction, bool whole, Instant now) {
  side(direction).broken_off = !whole;
  if (reads_messages(direction)) {
    now_ = now;
    if (whole && !messages_->whole(direction))
      return messages_->give_up("the body ends within its content coding");
    if (whole && direction == Direction::kDownstream)
      messages_->take_trailers(side(direction).trailers);
    return messages_->finish(direction, now);
  }
  whole ? path(direction).finish(side(direction).trailers, now) : path(direction).break_off(now);
}

void Exchange::look_for_messages(Side& side, Instant now) {
  const bool request = &side == &request_;
  const auto direction = request ? Direction::kUpstream : Direction::kDownstream;
  if (!http_ || !may_have_messages()) return;
  if (!messages_) {
    messages_ = messages::BodyMessages::of(static_cast<messages::BodyMessages::Owner&>(*this),
                                           facts_, *listener_, direction);
  }
  if (!messages_) return;
  messages_->set_rules(owner_.rules(), now);
  if (side.message.body || !may_have_body(side)) return;
  using Begin = messages::BodyMessages::Begin;
  const auto begin = messages_->begin(direction);
  side.has_messages = begin != Begin::kAround;
  if (begin == Begin::kDecoded) {
    side.message.head.remove("content-encoding");
    side.message.edited = true;
  }
  if (!side.has_messages || !side.framing.content_length || ends_with_head(side)) return;
  // Rules may change the length of the body.
  side.message.head.remove("content-length");
  side.message.edited = true;
  side.framing.content_length.reset();
  side.framing.chunked = true;
}

void Exchange::message_bytes(Direction direction, ByteView payload) {
  const std::array<ByteView, 1> parts{payload};
  if (!stopped_) path(direction).take({}, parts, now_);
}

void Exchange::messages_ended(Direction direction) {
  auto& from = side(direction);
  if (from.phase == Phase::kWaiting) return forward_trailers_only();
  if (from.broken_off) return path(direction).break_off(now_);
  const bool early = !from.source_ended;
  const bool none = early || (direction == Direction::kDownstream && messages_->lacks_trailers());
  path(direction).finish(none ? std::vector<rules::HttpHeader>() : from.trailers, now_);
  // A rule has ended the response early. Drops the server, which might send endlessly.
  if (!early || direction == Direction::kUpstream || stopped_) return;
  from.source_ended = true;
  owner_.drop_server();
}

// Whether the message has, or may have, a body.
bool Exchange::may_have_body(const Side& side) const {
  if (&side == &request_) return side.framing.has_body;
  // If a rule made the body, uses the status that the rule set.
  const auto status = side.message.body ? side.message.head.status : response_status();
  return rules::may_have_body(request_.framing.method, status);
}

void Exchange::collect_or_wait(Side& side, Instant now) {
  auto& message = side.message;
  if (message.body_readers.empty() || message.decided()) {
    if (!may_end_with_head(side)) return wait(side, now);
    side.phase = Phase::kCollecting;
    side.collected.emplace();
    return;
  }
  if (message.body) {
    read_body(side, std::nullopt, now);
    return wait(side, now);
  }
  // Applies the limit again: rules that match on the server's address may request a body that is
  // already collected.
  const auto most = static_cast<std::uint64_t>(message.collects.count);
  if (side.collected && side.source_ended && side.collected->size() <= most) {
    read_body(side, std::exchange(side.collected, std::nullopt), now);
    return wait(side, now);
  }
  if (side.collected || most == 0 || side.framing.content_length.value_or(0) > most) {
    read_body(side, std::nullopt, now);
    return wait(side, now);
  }
  side.phase = Phase::kCollecting;
  side.collected.emplace();
  if (&side != &request_ || !side.framing.expects_continue) return;
  // The client sends the body only after "100 Continue". Removes `Expect`, so that the server does
  // not send it a second time.
  message.head.remove("expect");
  message.edited = true;
  owner_.send_continue();
}

// Takes a part of the body. `ended` means that it is the last part.
void Exchange::collect(Side& side, std::span<const ByteView> payload, bool ended, Instant now) {
  for (const auto part : payload) *side.collected += codecs::text_of(part);
  if (ended) side.source_ended = true;
  const bool fits = side.collected->size() <= static_cast<std::size_t>(side.message.collects.count);
  if (!ended && fits) return;
  read_body(side, fits ? std::exchange(side.collected, std::nullopt) : std::nullopt, now);
  wait(side, now);
}

// Forwards the collected part of a body that is incomplete or too long.
void Exchange::give_up_body(Side& side, Instant now) {
  read_body(side, std::nullopt, now);
  wait(side, now);
}

// Lets the rules that want the whole body read and change it. Without `body`, there is only the
// body that a rule made, if any.
void Exchange::read_body(Side& side, std::optional<std::string> body, Instant now) {
  auto& message = side.message;
  const bool collected = body.has_value();
  if (collected) message.body = std::move(body);
  rules::HttpPlan::Notes notes;
  std::vector<std::string> refusals;
  plan_.on_body(owner_.rules(), facts_, message, now, notes, refusals);
  // The sender's body keeps its framing if no rule changed it.
  if (collected && notes.empty()) {
    side.collected = std::exchange(message.body, std::nullopt);
  }
  record(message.direction, notes);
  for (const auto& why : refusals) owner_.report("body unchanged", why);
}

// Tells the stages of the body how long it will be, if that is known.
void Exchange::note_length(const Side& side) {
  if (!http_) return;
  auto& length = &side == &request_ ? http_->request_length : http_->response_length;
  length = side.framing.content_length;
  if (side.collected && side.source_ended) length = side.collected->size();
  if (side.message.body) length = side.message.body->size();
}

void Exchange::messages_answered(const messages::BodyAnswer& answer) {
  if (stopped_) return;
  request_.source_ended ? request_body_.drop() : ignore_rest();
  request_.phase = Phase::kDone;
  owner_.drop_server();
  if (response_.phase == Phase::kBody) {
    const std::array<ByteView, 1> body{ByteView(answer.body)};
    if (!answer.body.empty()) response_body_.take({}, body, now_);
    const bool in_body = !answer.body.empty();
    if (!stopped_) {
      response_body_.finish(in_body ? std::vector<rules::HttpHeader>() : answer.trailers, now_);
    }
    response_.source_ended = true;
    return;
  }
  rules::HttpAnswer whole{200, {}, {}};
  if (const auto* type = http_->request.find("content-type"))
    whole.headers.push_back({"content-type", *type});
  whole.headers.insert(whole.headers.end(), answer.trailers.begin(), answer.trailers.end());
  response_ = {};
  answer_here(std::move(whole), now_);
}

// Whether the body's framing must be written anew, since a rule cuts it or changes its trailers.
bool Exchange::changes_end(const Side& side) const {
  const auto& trailers = side.message.trailers;
  return trailers.drops || !trailers.set.empty() || side.message.http2.reset;
}

Exchange::Outgoing Exchange::outgoing(Side& side, bool changes) const {
  const bool request = &side == &request_;
  return {.direction = request ? Direction::kUpstream : Direction::kDownstream,
          .message = side.message,
          .framing = side.framing,
          .as_received = !changes && !side.message.body && !side.collected && !side.has_messages &&
                         !changes_end(side),
          .made_here = !request && made_here_,
          .may_have_body = request || may_have_body(side),
          .again = retries_ > 0};
}

bool Exchange::send_head(Side& side, Instant now) {
  look_for_messages(side, now);
  if (!side.has_messages || !ends_with_head(side)) return forward_head(side, now);
  side.phase = Phase::kWaiting;
  now_ = now;
  messages_->take_trailers(side.message.head.headers);
  messages_->finish(Direction::kDownstream, now);
  return true;
}

// The head of a call that fails without messages is its trailers, too ("gRPC over HTTP2",
// Trailers-Only; in gRPC-Web over HTTP/1, a head with a status and an empty body).
bool Exchange::ends_with_head(const Side& side) const {
  if (&side != &response_ || side.message.decided()) return false;
  const auto& framing = side.framing;
  if (framing.major == 2 && !framing.has_body) return true;
  const bool collected = side.source_ended && side.collected && side.collected->empty();
  const bool empty = !framing.has_body || framing.content_length == std::uint64_t{0} || collected;
  return empty && side.message.head.find("grpc-status") != nullptr;
}

bool Exchange::may_end_with_head(const Side& side) const {
  const auto& framing = side.framing;
  const bool has_messages = listener_ != nullptr && listener_->protocol.has_body_messages();
  return has_messages && &side == &response_ && !made_here_ && !side.message.decided() &&
         framing.major == 1 && framing.has_body && !framing.content_length &&
         side.message.head.find("grpc-status") != nullptr;
}

void Exchange::forward_trailers_only() {
  response_.phase = Phase::kBody;
  response_.has_messages = false;
  if (messages_->lacks_trailers()) {
    for (const auto* name : {"grpc-status", "grpc-message", "grpc-status-details-bin"})
      response_.message.head.remove(name);
    response_.message.edited = true;
  }
  if (!forward_head(response_, now_)) end(rules::Close::kFin);
}

bool Exchange::forward_head(Side& side, Instant now) {
  const auto direction = &side == &request_ ? Direction::kUpstream : Direction::kDownstream;
  const bool none = direction == Direction::kDownstream && !may_have_body(side);
  const auto rules = none ? std::vector<rules::RuleRef>() : plan_.body_rules(direction);
  const auto out = outgoing(side, !rules.empty());
  if (direction == Direction::kUpstream && forwards_body() && owner_.may_refuse())
    sent_body_.emplace();
  const bool goes_on = owner_.send_head(out);
  if (!goes_on || side.message.fate == rules::HttpMessage::Fate::kCloseBehindHead) return goes_on;
  if (direction == Direction::kDownstream && resets_at(rules::StreamReset::At::kBody)) return true;
  note_length(side);
  none ? path(direction).begin_discarded() : path(direction).begin(facts_, rules, now);
  begin_body(side, now);
  return true;
}

void Exchange::begin_body(Side& side, Instant now) {
  const auto direction = &side == &request_ ? Direction::kUpstream : Direction::kDownstream;
  if (side.message.body) {
    side.own_body = false;
    const std::array<ByteView, 1> body{codecs::bytes_of(*side.message.body)};
    path(direction).take({}, body, now);
    const bool open = direction == Direction::kDownstream && stays_open_;
    if (!stopped_ && !open) path(direction).finish({}, now);
    return;
  }
  const auto collected = std::exchange(side.collected, std::nullopt);
  if (!collected) return;
  const std::array<ByteView, 1> body{codecs::bytes_of(*collected)};
  pass(direction, {}, body, now);
  if (side.source_ended && !stopped_) pass_end(direction, true, now);
}

void Exchange::body_part(Direction direction, ByteView raw, std::span<const ByteView> payload) {
  if (stopped_) return;
  if (direction == Direction::kUpstream && forwards_body()) {
    keep(payload);
    if (request_.phase == Phase::kDialling) return;
  }
  const auto& reset = response_.message.http2.reset;
  const bool counts =
      direction == Direction::kDownstream && reset && reset->at == rules::StreamReset::At::kBytes;
  if (!counts) return owner_.send_body(direction, raw, payload);
  for (auto part : payload) {
    const auto left = static_cast<std::uint64_t>(reset->after.count) - sent_;
    part = part.first(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), left)));
    sent_ += part.size();
    const std::array<ByteView, 1> passing{part};
    if (!part.empty()) owner_.send_body(direction, {}, passing);
    if (sent_ == static_cast<std::uint64_t>(reset->after.count) &&
        resets_at(rules::StreamReset::At::kBytes))
      return;
  }
}

void Exchange::body_passed(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                           bool whole) {
  side(direction).passed = true;
  if (stopped_ || path(direction).discards()) return;
  if (direction == Direction::kDownstream && resets_at(rules::StreamReset::At::kTrailers)) return;
  const auto& change = side(direction).message.trailers;
  if (!change.drops && change.set.empty()) return send_end(direction, trailers, whole);
  auto changed = change.drops ? std::vector<rules::HttpHeader>() : trailers;
  for (const auto& field : change.set) {
    std::erase_if(changed,
                  [&](const auto& old) { return rules::same_header_name(old.name, field.first); });
    changed.push_back({field.first, field.second});
  }
  send_end(direction, changed, whole);
}

void Exchange::send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                        bool whole) {
  if (direction == Direction::kUpstream && sent_body_) {
    sent_body_->ended = true;
    sent_body_->whole = whole;
    sent_body_->trailers = trailers;
    if (request_.phase == Phase::kDialling) return;
  }
  owner_.send_end(direction, trailers, whole);
}

}  // namespace brownout::http
