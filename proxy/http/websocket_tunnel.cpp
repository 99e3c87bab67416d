#include "proxy/http/websocket_tunnel.h"

#include <algorithm>
#include <utility>

#include "rules/plan.h"

namespace brownout::http {

WebSocketTunnel::WebSocketTunnel(Owner& owner, const rules::FlowFacts& upgrade)
    : owner_(owner), facts_(upgrade) {
  facts_.carrier = rules::Carrier::kMessage;
  facts_.message = 0;
}

void WebSocketTunnel::set_rules(const rules::RuleSet& set, Instant now) {
  for (auto* one : {&up_, &down_}) {
    const auto rules = rules::plan_messages(set, facts_, one->direction);
    if (rules.empty() && !one->chain) continue;
    if (!one->chain) one->chain = std::make_unique<rules::Chain>(facts_, one->direction, *one);
    one->chain->set_rules(rules, now);
  }
}

void WebSocketTunnel::push(Direction direction, ByteView bytes, Instant now) {
  side(direction).push(bytes, now);
}

void WebSocketTunnel::finish(Direction direction, Instant now) {
  auto& one = side(direction);
  // Of a message that was not complete.
  if (one.collecting_) {
    owner_.tunnel_bytes(direction, one.wire_);
    owner_.tunnel_bytes(direction, one.frame_);
  }
  if (!one.chain) return one.finish();
  one.chain->finish(now);
}

void WebSocketTunnel::advance(Instant now) {
  for (auto* one : {&up_, &down_}) {
    if (one->chain) one->chain->advance(now);
  }
}

void WebSocketTunnel::Side::push(ByteView bytes, Instant now) {
  while (!raw_ && !bytes.empty()) {
    // Begins to collect, or stops, between messages only.
    if (!within_) collecting_ = chain && !chain->transparent();
    const auto step = parser.next(bytes);
    if (step.broken) return degrade(bytes, parser.why());
    const auto part = bytes.first(step.taken);
    bytes = bytes.subspan(step.taken);
    take(part, step, now);
    if (wire_.size() + frame_.size() > kMostMessage) {
      return degrade(bytes, "a message of more than 16 MiB");
    }
    if (step.taken == 0 && !step.frame_ended) break;
  }
  if (raw_ && !bytes.empty()) owner.owner_.tunnel_bytes(direction, bytes);
}

void WebSocketTunnel::Side::take(ByteView raw, const codecs::WebSocketParser::Step& step,
                                 Instant now) {
  within_ = true;
  if (step.frame_ended) {
    if (!parser.control()) in_data_ = !step.message_ended;
    // A control frame may stand between those of a message that goes on.
    within_ = in_data_;
  }
  if (!collecting_) return owner.owner_.tunnel_bytes(direction, raw);
  frame_.insert(frame_.end(), raw.begin(), raw.end());
  auto& payload = parser.control() ? control_ : payload_;
  payload.insert(payload.end(), parser.payload().begin(), parser.payload().end());
  if (!step.frame_ended) return;
  if (parser.control()) {
    return give(parser.opcode(), false, std::exchange(frame_, {}), std::exchange(control_, {}),
                now);
  }
  wire_.insert(wire_.end(), frame_.begin(), frame_.end());
  frame_.clear();
  if (!step.message_ended) return;
  give(parser.opcode(), parser.compressed(), std::exchange(wire_, {}), std::exchange(payload_, {}),
       now);
}

void WebSocketTunnel::Side::give(rules::Opcode opcode, bool compressed, codecs::Bytes wire,
                                 ByteView payload, Instant now) {
  auto message =
      std::make_shared<const rules::Message>(rules::Message{opcode, compressed, std::move(wire)});
  chain->push(rules::Chunk::of(payload, std::move(message)), now);
}

void WebSocketTunnel::Side::emit(rules::Chunk chunk) {
  if (!chunk.touched() && !chunk.message()->wire.empty()) {
    return owner.owner_.tunnel_bytes(direction, chunk.message()->wire);
  }
  owner.owner_.tunnel_bytes(direction, owner.framed(chunk, direction));
}

// As if the other end had sent it.
void WebSocketTunnel::Side::reply(rules::Chunk message) {
  const auto back =
      direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
  owner.owner_.tunnel_bytes(back, owner.framed(message, back));
}

void WebSocketTunnel::Side::degrade(ByteView rest, std::string_view why) {
  raw_ = true;
  owner.owner_.tunnel_report("not WebSocket", why);
  owner.owner_.tunnel_bytes(direction, std::exchange(wire_, {}));
  owner.owner_.tunnel_bytes(direction, std::exchange(frame_, {}));
  owner.owner_.tunnel_bytes(direction, rest);
}

codecs::Bytes WebSocketTunnel::framed(const rules::Chunk& chunk, Direction direction) {
  const auto& message = *chunk.message();
  const auto key = static_cast<std::uint32_t>(rules::Dice(0, facts_.key(), made_++).bits(0));
  return codecs::write_frame(message.opcode, message.compressed, chunk.bytes(),
                             direction == Direction::kUpstream, key);
}

}  // namespace brownout::http
