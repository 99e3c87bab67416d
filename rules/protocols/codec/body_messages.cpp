#include "rules/protocols/codec/body_messages.h"

#include <utility>

#include "rules/protocols/codec/codec_of.h"

namespace brownout::messages {
namespace {

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
  if (const auto coding = coding_of(*facts.http, direction); !coding.empty()) {
    owner.messages_report("messages not read", "the body has the content coding " + coding);
    return nullptr;
  }
  return std::unique_ptr<BodyMessages>(new BodyMessages(owner, facts, listener, std::move(codec)));
}

BodyMessages::BodyMessages(Owner& owner, const rules::FlowFacts& facts,
                           const rules::Listener& listener, std::unique_ptr<MessageCodec> codec)
    : owner_(owner),
      exchange_(*facts.http),
      listener_(listener),
      tunnel_(static_cast<MessageTunnel::Owner&>(*this), std::move(codec), facts) {}

bool BodyMessages::reads(Direction direction) const {
  return has_body_codec(listener_, exchange_, direction) && coding_of(exchange_, direction).empty();
}

void BodyMessages::push(Direction direction, ByteView payload, Instant now) {
  if (!over_ && !ended(direction)) tunnel_.push(direction, payload, now);
}

void BodyMessages::finish(Direction direction, Instant now) {
  if (!over_ && !ended(direction)) tunnel_.finish(direction, now);
}

void BodyMessages::advance(Instant now) {
  if (!over_) tunnel_.advance(now);
}

void BodyMessages::tunnel_bytes(Direction direction, ByteView bytes) {
  if (!over_ && !ended(direction) && !bytes.empty()) owner_.message_bytes(direction, bytes);
}

void BodyMessages::tunnel_finished(Direction direction) {
  if (over_ || std::exchange(ended(direction), true)) return;
  owner_.messages_ended(direction);
}

void BodyMessages::tunnel_closed(rules::Close how) {
  if (std::exchange(over_, true)) return;
  const auto* answer = how == rules::Close::kFin ? tunnel_.answer() : nullptr;
  answer != nullptr ? owner_.messages_answered(*answer) : owner_.messages_cut(how);
}

}  // namespace brownout::messages
