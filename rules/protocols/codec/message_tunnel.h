// MessageTunnel: a connection as messages both ways, each through the stages of the rules. No I/O
// and no clock; one thread.
//
// While no rule can act, bytes pass as they come; they are parsed all the same, so that a rule that
// comes later finds where a message begins. What breaks the protocol passes as bytes from there on,
// and is reported once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/engine/chain.h"
#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/message_codec.h"

namespace brownout::messages {

using rules::Instant;

class MessageTunnel final {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void tunnel_bytes(Direction direction, ByteView bytes) = 0;
    virtual void tunnel_finished(Direction direction) = 0;
    virtual void tunnel_closed(rules::Close how) = 0;
    virtual void tunnel_injected(const rules::Rule& rule, Direction direction,
                                 const rules::Note& note) = 0;
    virtual void tunnel_report(std::string_view event, std::string_view why) = 0;
    // TLS begins behind what has been read: where it can be terminated, nothing more is pushed
    // until secured().
    virtual void tunnel_secures() {}
  };

  // The owner is borrowed; `flow` is the connection's, or that of the request that upgraded it.
  MessageTunnel(Owner& owner, std::unique_ptr<MessageCodec> codec, const rules::FlowFacts& flow);

  void set_rules(const rules::RuleSet& set, Instant now);
  void push(Direction direction, ByteView bytes, Instant now);
  void finish(Direction direction, Instant now);
  Instant deadline() const { return std::min(up_.deadline(), down_.deadline()); }
  void advance(Instant now);
  // Both ends speak inside TLS from here on.
  void secured() { codec_->secured(); }
  std::string host() const { return codec_->host(); }
  // What messages in stages take of memory. What is kept of one that is not complete is
  // kMostMessage at most, and not counted: it must go on.
  std::size_t held(Direction direction) const {
    return *side(direction).held + side(direction).behind.size();
  }
  // Those that may act on its messages, in file order; and all by name.
  const std::vector<rules::RuleRef>& rules(Direction direction) const {
    return side(direction).rules;
  }
  std::vector<std::string> rules() const;
  // Whether a rule may hold messages there.
  bool ruled(Direction direction) const { return side(direction).chain != nullptr; }
  bool severed(Direction direction) const {
    const auto& chain = side(direction).chain;
    return chain && chain->severed();
  }

 private:
  // One direction.
  struct Side final : rules::ChainOutput, MessageReader::Wanted {
    Side(MessageTunnel& tunnel, Direction which)
        : owner(tunnel), direction(which), reader(tunnel.codec_->reader(which)) {
      reader.ask(*this);
    }

    void push(ByteView bytes, Instant now);
    void degrade(std::string_view why);
    // Bytes that are no messages, in their place: behind those that stages hold.
    void pass_raw(ByteView bytes);
    void release_raw();
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }
    void give(ReadMessage read, Instant now);

    // A message that a rule made: once none is in the middle of passing.
    void insert(Bytes bytes);
    void release_inserted();

    // Beside what waits in stages, or for its turn, nothing passes.
    bool wants(const rules::Message& head) override {
      return *held > 0 || !behind.empty() || !inserted.empty() || !chain || !chain->lets_by(head);
    }
    bool wants_answers() const override {
      const auto& back = direction == Direction::kUpstream ? owner.down_ : owner.up_;
      return back.chain && !back.chain->transparent();
    }

    void emit(rules::Chunk chunk) override;
    void finish() override;
    void close(rules::Close how) override;
    void reply(rules::Chunk message) override;
    void answer(std::string_view) override {}
    void injected(const rules::Rule& rule, Direction where, const rules::Note& note) override {
      owner.owner_.tunnel_injected(rule, where, note);
    }

    MessageTunnel& owner;
    Direction direction;
    MessageReader& reader;
    std::unique_ptr<rules::Chain> chain;
    std::vector<rules::RuleRef> rules;
    Bytes behind;    // raw, and what stages hold is ahead of it
    Bytes inserted;  // waits for the end of a message that is passing
    Bytes gathered;  // of this turn, to be written together
    std::shared_ptr<std::size_t> held = std::make_shared<std::size_t>(0);
    bool raw = false;  // these are no messages any more
  };

  const Side& side(Direction direction) const {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Many small messages are written as one; `last`: nothing follows in this turn.
  void write(Direction direction, ByteView bytes, bool last = false);
  void flush(Direction direction);
  void begin_turn() { ++turns_; }
  void end_turn();
  void finished(Direction direction);
  void closed(rules::Close how);
  bool waits_to_insert() const { return !up_.inserted.empty() || !down_.inserted.empty(); }
  Side& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

  Owner& owner_;
  std::unique_ptr<MessageCodec> codec_;
  rules::FlowFacts facts_;
  bool closes_ = false;  // once all is inserted
  bool over_ = false;    // nothing passes any more
  int turns_ = 0;        // that are going on, one inside the other
  Side up_{*this, Direction::kUpstream};
  Side down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
