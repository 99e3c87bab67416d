// WebSocketTunnel: what a connection is after its upgrade: messages both ways, each through the
// stages of the rules. No I/O and no clock; owned by its Conversation; one thread.
//
// While no rule can act, bytes pass as they come; they are parsed all the same, so that a rule that
// comes later finds where a message begins. A message that no stage touched passes as it came, all
// its frames; one that was touched is framed anew. What is no WebSocket passes as bytes from there
// on.
#pragma once

#include <memory>

#include "proxy/codecs/websocket.h"
#include "rules/chain.h"
#include "rules/rule_set.h"

namespace brownout::http {

using codecs::ByteView;
using rules::Direction;
using rules::Instant;

class WebSocketTunnel final {
 public:
  // Of a message that is taken apart; a longer one is no message for us any more, but bytes.
  static constexpr std::size_t kMostMessage = 16 << 20;

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void tunnel_bytes(Direction direction, ByteView bytes) = 0;
    virtual void tunnel_finished(Direction direction) = 0;
    virtual void tunnel_closed(rules::Close how) = 0;
    virtual void tunnel_injected(const rules::Rule& rule, Direction direction,
                                 const rules::Note& note) = 0;
    virtual void tunnel_report(std::string_view event, std::string_view why) = 0;
  };

  // All are borrowed; `upgrade` is the request that asked for it.
  WebSocketTunnel(Owner& owner, const rules::FlowFacts& upgrade);

  void set_rules(const rules::RuleSet& set, Instant now);
  void push(Direction direction, ByteView bytes, Instant now);
  void finish(Direction direction, Instant now);
  Instant deadline() const { return std::min(up_.deadline(), down_.deadline()); }
  void advance(Instant now);
  std::size_t held(Direction direction) const { return side(direction).held(); }

 private:
  // One direction.
  struct Side final : rules::ChainOutput {
    Side(WebSocketTunnel& tunnel, Direction which) : owner(tunnel), direction(which) {}

    void push(ByteView bytes, Instant now);
    void take(ByteView raw, const codecs::WebSocketParser::Step& step, Instant now);
    void give(rules::Opcode opcode, bool compressed, codecs::Bytes wire, ByteView payload,
              Instant now);
    void degrade(ByteView rest, std::string_view why);
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }
    std::size_t held() const { return wire_.size() + (chain ? chain->held() : 0); }

    void emit(rules::Chunk chunk) override;
    void finish() override { owner.owner_.tunnel_finished(direction); }
    void close(rules::Close how) override { owner.owner_.tunnel_closed(how); }
    void reply(rules::Chunk message) override;
    void answer(std::string_view) override {}
    void injected(const rules::Rule& rule, Direction where, const rules::Note& note) override {
      owner.owner_.tunnel_injected(rule, where, note);
    }

    WebSocketTunnel& owner;
    Direction direction;
    codecs::WebSocketParser parser;
    std::unique_ptr<rules::Chain> chain;
    codecs::Bytes frame_;    // of the frame that has begun, as it came
    codecs::Bytes wire_;     // of the message, its frames that are complete
    codecs::Bytes payload_;  // of the data message
    codecs::Bytes control_;  // of the control frame
    bool collecting_ = false;
    bool within_ = false;   // in the middle of a frame or a message
    bool in_data_ = false;  // between two frames of a message
    bool raw_ = false;      // no WebSocket any more
  };

  const Side& side(Direction direction) const {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Side& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }
  codecs::Bytes framed(const rules::Chunk& chunk, Direction direction);

  Owner& owner_;
  rules::FlowFacts facts_;
  std::uint64_t made_ = 0;  // frames that are not as they came: their masks are draws
  Side up_{*this, Direction::kUpstream};
  Side down_{*this, Direction::kDownstream};
};

}  // namespace brownout::http
