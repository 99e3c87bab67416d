#include "rules/protocols/codec/body_messages.h"

#include <utility>

#include "rules/protocols/codec/codec_of.h"

namespace brownout::messages {
namespace {

constexpr int kPartialContent = 206;

// Returns the content coding of a body (RFC 9110, 8.4), or "" if it has none.
std::string coding_of(const rules::HttpExchange& exchange, Direction direction) {
  const bool request = direction == Direction::kUpstream;
  if (!request && !exchange.response) return {};
  auto coding = (request ? exchange.request : *exchange.response).list("content-encoding");
  return rules::lower_case(coding) == "identity" ? std::string() : coding;
}

}  // namespace

std::unique_ptr<BodyMessages> BodyMessages::of(Owner& owner, const rules::FlowFacts& facts,
                                               const rules::Listener& listener,
                                               Direction direction) {
  auto codec = codec_of_body(listener, *facts.http, direction);
  if (!codec) return nullptr;
  return std::unique_ptr<BodyMessages>(new BodyMessages(owner, facts, listener, std::move(codec)));
}

BodyMessages::BodyMessages(Owner& owner, const rules::FlowFacts& facts,
                           const rules::Listener& listener, std::unique_ptr<MessageCodec> codec)
    : owner_(owner),
      exchange_(*facts.http),
      listener_(listener),
      tunnel_(static_cast<MessageTunnel::Owner&>(*this), std::move(codec), facts) {}

BodyMessages::Begin BodyMessages::begin(Direction direction) {
  if (!has_body_codec(listener_, exchange_, direction)) return Begin::kAround;
  auto& body = this->body(direction);
  const auto coding = coding_of(exchange_, direction);
  const bool text = has_base64_body(listener_, exchange_, direction);
  // Without a rule, a body passes in the form in which its sender chose to send it.
  if ((!coding.empty() || text) && !ruled(direction)) return Begin::kAround;
  if (text) body.text.emplace();
  if (coding.empty()) return Begin::kThrough;
  const auto codings = rules::content_codings(coding);
  const bool partial =
      direction == Direction::kDownstream && exchange_.response->status == kPartialContent;
  if (!codings || partial) {
    owner_.messages_report(
        "messages not read",
        partial ? "the response has only a part of the body (206), in the content coding " + coding
                : codings.error().what);
    return Begin::kAround;
  }
  body.decoder.emplace(*codings);
  return Begin::kDecoded;
}

void BodyMessages::push(Direction direction, ByteView payload, Instant now) {
  auto& body = this->body(direction);
  if (over_ || body.ended) return;
  if (!body.decoder && !body.text) return tunnel_.push(direction, payload, now);
  rules::Result<std::string> plain = std::string(codecs::text_of(payload));
  if (body.decoder) plain = body.decoder->push(*plain, kMostMessage);
  if (!plain) return give_up(plain.error().what);
  const auto bytes = body.text ? body.text->in.push(*plain) : std::optional(*plain);
  if (!bytes) return give_up("the body is not base64");
  tunnel_.push(direction, codecs::bytes_of(*bytes), now);
}

void BodyMessages::finish(Direction direction, Instant now) {
  if (!over_ && !body(direction).ended) tunnel_.finish(direction, now);
}

bool BodyMessages::whole(Direction direction) const {
  const auto& body = this->body(direction);
  return (!body.decoder || body.decoder->complete()) && (!body.text || body.text->in.complete());
}

// Cuts the body off: its head announced decoded data, and the rest cannot be decoded.
void BodyMessages::give_up(std::string_view why) {
  over_ = true;
  owner_.messages_report("body cut short", why);
  owner_.messages_cut(rules::Close::kFin);
}

void BodyMessages::advance(Instant now) {
  if (!over_) tunnel_.advance(now);
}

// A client may decode each piece of a response when it arrives, so a piece ends with padding
// (PROTOCOL-WEB.md). Some servers expect padding only at the end of a request.
void BodyMessages::tunnel_bytes(Direction direction, ByteView bytes) {
  auto& body = this->body(direction);
  if (over_ || body.ended || bytes.empty()) return;
  if (!body.text) return owner_.message_bytes(direction, bytes);
  auto text = body.text->out.push(codecs::text_of(bytes));
  if (direction == Direction::kDownstream) text += body.text->out.finish();
  if (!text.empty()) owner_.message_bytes(direction, codecs::bytes_of(text));
}

void BodyMessages::tunnel_finished(Direction direction) {
  auto& body = this->body(direction);
  if (over_ || body.ended) return;
  const auto text = body.text ? body.text->out.finish() : std::string();
  if (!text.empty()) owner_.message_bytes(direction, codecs::bytes_of(text));
  body.ended = true;
  owner_.messages_ended(direction);
}

void BodyMessages::tunnel_closed(rules::Close how) {
  if (std::exchange(over_, true)) return;
  const auto* answer = how == rules::Close::kFin ? tunnel_.answer() : nullptr;
  if (answer == nullptr) return owner_.messages_cut(how);
  auto sent = *answer;
  if (has_base64_body(listener_, exchange_, Direction::kDownstream)) {
    const auto text = rules::to_base64(codecs::text_of(sent.body));
    const auto bytes = codecs::bytes_of(text);
    sent.body.assign(bytes.begin(), bytes.end());
  }
  owner_.messages_answered(sent);
}

}  // namespace brownout::messages
