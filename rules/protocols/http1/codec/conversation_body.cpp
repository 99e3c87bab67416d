// The part of Conversation that handles bodies: it collects those that rules need as a whole, and
// starts to forward them.
#include <array>
#include <utility>

#include "rules/protocols/http1/codec/conversation.h"

namespace brownout::http {

// Whether there is a body, or may be one.
bool Conversation::may_have_body(const Side& side) const {
  if (&side == &request_) return side.framing.has_body;
  // A rule may have changed the status and made the body.
  const auto status = side.message.body ? side.message.head.status : response_status();
  return rules::may_have_body(request_.framing.method, status);
}

void Conversation::collect_or_wait(Side& side, Instant now) {
  auto& message = side.message;
  if (message.body_readers.empty() || message.decided()) return wait(side, now);
  if (message.body) {
    read_body(side, std::nullopt, now);
    return wait(side, now);
  }
  // Rules that need to know the server may want a body that was collected before.
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
  // The client sends the body only after this. The server does not need to ask for it again.
  message.head.remove("expect");
  message.edited = true;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  wire_.to_client(codecs::bytes_of(kContinue));
}

// Takes a part of the body. `ended` means that it is the last part.
void Conversation::collect(Side& side, std::span<const ByteView> payload, bool ended, Instant now) {
  for (const auto part : payload) *side.collected += codecs::text_of(part);
  if (ended) side.source_ended = true;
  const bool fits = side.collected->size() <= static_cast<std::size_t>(side.message.collects.count);
  if (!ended && fits) return;
  read_body(side, fits ? std::exchange(side.collected, std::nullopt) : std::nullopt, now);
  wait(side, now);
}

// Sends on what arrived of an incomplete body.
void Conversation::give_up_body(Side& side, Instant now) {
  read_body(side, std::nullopt, now);
  wait(side, now);
}

// Lets the rules that want the whole body read and change it. Without `body`, there is only the
// body that a rule made, if any.
void Conversation::read_body(Side& side, std::optional<std::string> body, Instant now) {
  auto& message = side.message;
  const bool collected = body.has_value();
  if (collected) message.body = std::move(body);
  rules::HttpPlan::Notes notes;
  std::vector<std::string> refusals;
  plan_.on_body(wire_.rules(), facts_, message, now, notes, refusals);
  // The sender's body keeps its framing if no rule changed it.
  if (collected && notes.empty()) {
    side.collected = std::exchange(message.body, std::nullopt);
  }
  record(message.direction, notes);
  for (const auto& why : refusals) wire_.report("body unchanged", why);
}

// Tells the stages of the body how long it will be, if that is known.
void Conversation::note_length(const Side& side) {
  if (!http_) return;
  auto& length = &side == &request_ ? http_->request_length : http_->response_length;
  length = side.framing.content_length;
  if (side.collected && side.source_ended) length = side.collected->size();
  if (side.message.body) length = side.message.body->size();
}

void Conversation::begin_body(Side& side, BodyPath& path, Direction direction, Instant now) {
  const auto& message = side.message;
  const bool none = direction == Direction::kDownstream && !may_have_body(side);
  const auto rules = none ? std::vector<rules::RuleRef>() : plan_.body_rules(direction);
  auto form = BodyPath::Form::kAsIs;
  if (!rules.empty() || message.body || side.collected) {
    const bool chunked = side.framing.chunked && !message.body;
    form = chunked ? BodyPath::Form::kChunked : BodyPath::Form::kPlain;
  }
  if (message.malformed == rules::Malformed::kChunkLength) form = BodyPath::Form::kBadChunk;
  if (none) form = BodyPath::Form::kDiscard;
  note_length(side);
  path.begin(form, facts_, rules, now);
  if (message.body) {
    side.own_body = false;
    const std::array<ByteView, 1> body{codecs::bytes_of(*message.body)};
    path.take({}, body, now);
    if (!over()) path.finish({}, now);
    return;
  }
  const auto collected = std::exchange(side.collected, std::nullopt);
  if (!collected) return;
  const std::array<ByteView, 1> body{codecs::bytes_of(*collected)};
  path.take({}, body, now);
  if (side.source_ended && !over()) path.finish(parser_of(side).trailers(), now);
}

}  // namespace brownout::http
