// BodyPath: the way of one body, from the parser to the other end. As it came, byte for byte; or,
// when a rule acts on it, as payload through a chain of stages and framed anew.
//
// No I/O, virtual time; owned by its Conversation. One thread.
#pragma once

#include <memory>
#include <vector>

#include "rules/engine/chain.h"
#include "rules/engine/rule_set.h"
#include "rules/protocols/http1/codec/http1.h"

namespace brownout::http {

using codecs::ByteView;
using rules::Direction;
using rules::Duration;
using rules::Instant;

class BodyPath final : private rules::ChainOutput {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void body_bytes(Direction direction, ByteView bytes) = 0;
    // All of it has passed.
    virtual void body_passed(Direction direction) = 0;
    // A rule ends the connection in the middle of it.
    virtual void body_cut(Direction direction, rules::Close how) = 0;
    virtual void body_injected(const rules::Rule& rule, Direction direction,
                               const rules::Note& note) = 0;
  };

  enum class Form {
    kAsIs,      // the bytes that came
    kPlain,     // payload alone: its length was announced, or the connection's end is its end
    kChunked,   // RFC 9112, 7.1
    kBadChunk,  // the length of the first chunk is no number
    kDiscard,   // nothing
  };

  // Both are borrowed and outlive it.
  BodyPath(Owner& owner, Direction direction) : owner_(owner), direction_(direction) {}

  // A body begins. `facts` are borrowed until it is over. With rules, kAsIs must not be asked for.
  void begin(Form form, const rules::FlowFacts& facts, const std::vector<rules::RuleRef>& rules,
             Instant now);
  // `raw` came, which holds `payload`.
  void take(ByteView raw, std::span<const ByteView> payload, Instant now);
  // It is complete.
  void finish(const std::vector<rules::HttpHeader>& trailers, Instant now);
  // It breaks off: what is held still passes, the end of chunks does not.
  void break_off(Instant now);
  // Forgets what it holds.
  void drop();

  void set_rules(const std::vector<rules::RuleRef>& rules, Instant now);
  Instant deadline() const { return chain_ ? chain_->deadline() : rules::kNever; }
  void advance(Instant now);
  std::size_t held() const { return chain_ ? chain_->held() : 0; }
  bool chained() const { return chain_ != nullptr; }

 private:
  void emit(rules::Chunk chunk) override { write(chunk.bytes()); }
  void finish() override;
  void close(rules::Close how) override { owner_.body_cut(direction_, how); }
  void answer(std::string_view) override {}
  void injected(const rules::Rule& rule, Direction direction, const rules::Note& note) override {
    owner_.body_injected(rule, direction, note);
  }
  void write(ByteView payload);
  void text(std::string_view bytes) { owner_.body_bytes(direction_, codecs::bytes_of(bytes)); }

  Owner& owner_;
  Direction direction_;
  Form form_ = Form::kAsIs;
  std::unique_ptr<rules::Chain> chain_;
  std::vector<rules::HttpHeader> trailers_;
  bool broken_off_ = false;
};

}  // namespace brownout::http
