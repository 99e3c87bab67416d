#include "rules/protocols/http1/codec/body_path.h"

#include <array>
#include <charconv>

namespace brownout::http {

void BodyPath::begin(Form form, const rules::FlowFacts& facts,
                     const std::vector<rules::RuleRef>& rules, Instant now) {
  form_ = form;
  trailers_.clear();
  broken_off_ = false;
  chain_.reset();
  if (rules.empty()) return;
  chain_ =
      std::make_unique<rules::Chain>(facts, direction_, static_cast<rules::ChainOutput&>(*this));
  chain_->set_rules(rules, now);
}

void BodyPath::take(ByteView raw, std::span<const ByteView> payload, Instant now) {
  if (form_ == Form::kAsIs) return owner_.body_bytes(direction_, raw);
  if (form_ == Form::kDiscard) return;
  for (const auto part : payload) {
    if (!chain_) {
      write(part);
      continue;
    }
    chain_->push(rules::Chunk::copy_of(part), now);
  }
}

void BodyPath::finish(const std::vector<rules::HttpHeader>& trailers, Instant now) {
  if (form_ == Form::kChunked || form_ == Form::kBadChunk) trailers_ = trailers;
  if (!chain_) return finish();
  chain_->finish(now);
}

void BodyPath::break_off(Instant now) {
  broken_off_ = true;
  finish({}, now);
}

void BodyPath::drop() {
  chain_.reset();
  form_ = Form::kDiscard;
}

void BodyPath::set_rules(const std::vector<rules::RuleRef>& rules, Instant now) {
  if (chain_) chain_->set_rules(rules, now);
}

void BodyPath::advance(Instant now) {
  if (chain_) chain_->advance(now);
}

void BodyPath::finish() {
  if (!broken_off_ && (form_ == Form::kChunked || form_ == Form::kBadChunk)) {
    std::string end = "0\r\n";
    for (const auto& field : trailers_) end += field.name + ": " + field.value + "\r\n";
    text(end + "\r\n");
  }
  owner_.body_passed(direction_);
}

void BodyPath::write(ByteView payload) {
  if (payload.empty()) return;
  if (form_ == Form::kPlain) return owner_.body_bytes(direction_, payload);
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), payload.size(), 16).ptr;
  const bool bad = form_ == Form::kBadChunk;
  if (bad) form_ = Form::kChunked;
  text(bad ? std::string_view("0x_") : std::string_view(digits.data(), end));
  text("\r\n");
  owner_.body_bytes(direction_, payload);
  text("\r\n");
}

}  // namespace brownout::http
