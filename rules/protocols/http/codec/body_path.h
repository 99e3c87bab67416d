// BodyPath passes the payload of an HTTP body, in one direction, through the faults of the rules.
//
// Without rules, each part passes at once, as received. With rules, the payload passes through a
// chain of stages (stage.h) and is then sent with new framing. No I/O and no clock: the caller
// passes the time. Owned by an Exchange; one thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "rules/engine/chain.h"
#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"

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
    // Called with a part of the body. `raw` contains the part with its framing as received; it is
    // empty if the part has passed through rules. `payload` is the part without framing.
    virtual void body_part(Direction direction, ByteView raw,
                           std::span<const ByteView> payload) = 0;
    // Called when all of the body has passed. `whole` is false if the sender ended it early.
    virtual void body_passed(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                             bool whole) = 0;
    // Called when a rule ends the exchange within the body.
    virtual void body_cut(Direction direction, rules::Close how) = 0;
    virtual void body_injected(const rules::Rule& rule, Direction direction,
                               const rules::Note& note) = 0;
  };

  // `owner` is borrowed and must outlive the BodyPath.
  BodyPath(Owner& owner, Direction direction) : owner_(owner), direction_(direction) {}

  // Begins a body. `facts` are borrowed until the end of the body.
  void begin(const rules::FlowFacts& facts, const std::vector<rules::RuleRef>& rules, Instant now);
  // Begins a body of which no part is forwarded.
  void begin_discarded();
  // Takes received bytes of the body. `payload` refers to the parts of `raw` that are not framing.
  void take(ByteView raw, std::span<const ByteView> payload, Instant now);
  // Must be called when the body is complete.
  void finish(const std::vector<rules::HttpHeader>& trailers, Instant now);
  // Ends the body early. Held bytes still pass, but the receiver sees that the body is incomplete.
  void break_off(Instant now);
  // Discards held bytes and the rest of the body.
  void drop();

  void set_rules(const std::vector<rules::RuleRef>& rules, Instant now);
  Instant deadline() const { return chain_ ? chain_->deadline() : rules::kNever; }
  void advance(Instant now);
  std::size_t held() const { return chain_ ? chain_->held() : 0; }
  bool chained() const { return chain_ != nullptr; }
  bool blackholed() const { return chain_ && chain_->blackholed(); }
  bool discards() const { return discards_; }

 private:
  void emit(rules::Chunk chunk) override;
  void finish() override;
  void close(rules::Close how) override { owner_.body_cut(direction_, how); }
  bool resets_after_data() const override { return true; }
  void answer(std::string_view) override {}
  void injected(const rules::Rule& rule, Direction direction, const rules::Note& note) override {
    owner_.body_injected(rule, direction, note);
  }

  Owner& owner_;
  Direction direction_;
  std::unique_ptr<rules::Chain> chain_;
  std::vector<rules::HttpHeader> trailers_;
  bool discards_ = false;
  bool broken_off_ = false;
};

}  // namespace brownout::http
