// BodyPath forwards the HTTP bodies in one direction of an HTTP/1 connection, with or without
// faults.
//
// Without rules, a body passes byte for byte. With rules, its payload passes through a chain of
// stages (stage.h) and gets new framing. No I/O and no clock: the caller passes the time. Owned by
// a Conversation; one thread.
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
    // Called with bytes to send in `direction`.
    virtual void body_bytes(Direction direction, ByteView bytes) = 0;
    // Called when the whole body has passed.
    virtual void body_passed(Direction direction) = 0;
    // Called when a rule ends the connection within the body.
    virtual void body_cut(Direction direction, rules::Close how) = 0;
    virtual void body_injected(const rules::Rule& rule, Direction direction,
                               const rules::Note& note) = 0;
  };

  enum class Form {
    kAsIs,  // forwards the received bytes with their framing
    // Forwards the payload only: Content-Length or the end of the connection delimits the body.
    kPlain,
    kChunked,   // forwards the payload in chunks (RFC 9112, 7.1)
    kBadChunk,  // like kChunked, but the length of the first chunk is not a number
    kDiscard,   // forwards no bytes
  };

  // `owner` is borrowed and must outlive the BodyPath.
  BodyPath(Owner& owner, Direction direction) : owner_(owner), direction_(direction) {}

  // Begins a body. `facts` are borrowed until the end of the body. kAsIs must not be used with
  // rules.
  void begin(Form form, const rules::FlowFacts& facts, const std::vector<rules::RuleRef>& rules,
             Instant now);
  // Takes received bytes of the body. `payload` refers to the parts of `raw` that are not framing.
  void take(ByteView raw, std::span<const ByteView> payload, Instant now);
  // Must be called when the body is complete.
  void finish(const std::vector<rules::HttpHeader>& trailers, Instant now);
  // Ends the body early. Held bytes still pass, but no last chunk is sent.
  void break_off(Instant now);
  // Discards held bytes and the rest of the body.
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
