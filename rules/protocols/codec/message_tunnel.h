// MessageTunnel: runs the messages of a connection, in both directions, through the stages of the
// matching rules. No I/O and no clock; one thread.
//
// While no rule can act, bytes pass unchanged. They are still parsed, so that a rule added later
// starts at a message boundary. From a protocol violation on, that direction passes as raw bytes;
// the violation is reported once per connection.
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
    // TLS begins after the bytes read so far. An owner that terminates TLS pushes nothing more
    // until it has called secured().
    virtual void tunnel_secures() {}
  };

  // The owner is borrowed. `flow` describes the connection, or the request that upgraded it.
  MessageTunnel(Owner& owner, std::unique_ptr<MessageCodec> codec, const rules::FlowFacts& flow);

  void set_rules(const rules::RuleSet& set, Instant now);
  void push(Direction direction, ByteView bytes, Instant now);
  void finish(Direction direction, Instant now);
  Instant deadline() const { return std::min(up_.deadline(), down_.deadline()); }
  void advance(Instant now);
  // TLS has begun on both sides.
  void secured() { codec_->secured(); }
  std::string host() const { return codec_->host(); }
  // Bytes of memory that messages in stages take, plus raw bytes queued after them. A message that
  // is still incomplete is not counted: it must be able to complete. Its size is bounded by
  // kMostMessage.
  std::size_t held(Direction direction) const {
    return *side(direction).held + side(direction).behind.size();
  }
  // The rules that may act on messages in `direction`, in file order.
  const std::vector<rules::RuleRef>& rules(Direction direction) const {
    return side(direction).rules;
  }
  // The names of the rules in both directions.
  std::vector<std::string> rules() const;
  // Whether a rule may hold messages in `direction`.
  bool ruled(Direction direction) const { return side(direction).chain != nullptr; }
  bool blackholed(Direction direction) const {
    const auto& chain = side(direction).chain;
    return chain && chain->blackholed();
  }

 private:
  struct Side final : rules::ChainOutput, MessageReader::Wanted {
    Side(MessageTunnel& tunnel, Direction which)
        : owner(tunnel), direction(which), reader(tunnel.codec_->reader(which)) {
      reader.ask(*this);
    }

    void push(ByteView bytes, Instant now);
    void degrade(std::string_view why);
    // Passes bytes that are not messages, in order: after the messages that stages hold.
    void pass_raw(ByteView bytes);
    void release_raw();
    Instant deadline() const { return chain ? chain->deadline() : rules::kNever; }
    void deliver(ReadMessage read, Instant now);

    // Inserts a message that a rule made, as soon as no other message is partly sent.
    void insert(Bytes bytes);
    void release_inserted();

    // A message may bypass the stages only if nothing before it still waits.
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
    Bytes behind;    // raw bytes, to be sent after the messages that stages hold
    Bytes inserted;  // inserted messages that wait for the end of a partly sent one
    Bytes gathered;  // output of this turn, written together at its end
    std::shared_ptr<std::size_t> held = std::make_shared<std::size_t>(0);
    bool raw = false;  // the protocol was violated: bytes pass unparsed
  };

  const Side& side(Direction direction) const {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Gathers small messages into one write. `last`: no more output follows in this turn.
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
  bool closes_ = false;  // close after the inserted messages are sent
  bool over_ = false;    // the connection was closed: nothing passes any more
  int turns_ = 0;        // nesting depth of turns
  Side up_{*this, Direction::kUpstream};
  Side down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
