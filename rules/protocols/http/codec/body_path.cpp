#include "rules/protocols/http/codec/body_path.h"

#include <array>

namespace brownout::http {

void BodyPath::begin(const rules::FlowFacts& facts, const std::vector<rules::RuleRef>& rules,
                     Instant now) {
  discards_ = false;
  broken_off_ = false;
  trailers_.clear();
  chain_.reset();
  if (rules.empty()) return;
  chain_ =
      std::make_unique<rules::Chain>(facts, direction_, static_cast<rules::ChainOutput&>(*this));
  chain_->set_rules(rules, now);
}

void BodyPath::begin_discarded() {
  drop();
  broken_off_ = false;
  trailers_.clear();
}

void BodyPath::take(ByteView raw, std::span<const ByteView> payload, Instant now) {
  if (discards_) return;
  if (!chain_) return owner_.body_part(direction_, raw, payload);
  for (const auto part : payload) chain_->push(rules::Chunk::copy_of(part), now);
}

void BodyPath::finish(const std::vector<rules::HttpHeader>& trailers, Instant now) {
  if (!chain_) return owner_.body_passed(direction_, trailers, !broken_off_);
  trailers_ = trailers;
  chain_->finish(now);
}

void BodyPath::break_off(Instant now) {
  broken_off_ = true;
  finish({}, now);
}

void BodyPath::drop() {
  chain_.reset();
  discards_ = true;
}

void BodyPath::set_rules(const std::vector<rules::RuleRef>& rules, Instant now) {
  if (chain_) chain_->set_rules(rules, now);
}

void BodyPath::advance(Instant now) {
  if (chain_) chain_->advance(now);
}

void BodyPath::emit(rules::Chunk chunk) {
  const std::array<ByteView, 1> payload{chunk.bytes()};
  if (!payload[0].empty()) owner_.body_part(direction_, {}, payload);
}

void BodyPath::finish() { owner_.body_passed(direction_, trailers_, !broken_off_); }

}  // namespace brownout::http
