#include "proxy/flow/turns.h"

#include <utility>

namespace brownout::proxy {
namespace {

// Bytes without a turn are reported in portions of this size.
constexpr std::uint64_t kUntold = 1 << 20;

}  // namespace

void Turns::tell(bool ok) {
  host_.served(facts_, {ok, Loop::now() - since_});
  since_ = kNever;
}

void Turns::count(rules::Direction direction, std::size_t size, codecs::ByteView bytes) {
  if (!of_bytes()) return watch(direction, bytes);
  auto& total = turned_.bytes[static_cast<std::size_t>(direction)];
  total += size;
  if (direction == rules::Direction::kUpstream) {
    asked();
  } else if (since_ != kNever && size > 0) {
    since_ = kNever;
    turned_.turns = 1;
    return tell_turn();
  }
  if (total >= kUntold) tell_turn();
}

void Turns::watch(rules::Direction direction, codecs::ByteView bytes) {
  if (!watch_) watch_ = messages::request_watch_of(protocol_);
  if (!watch_) return;
  if (direction == rules::Direction::kUpstream) {
    const auto since = std::exchange(since_, kNever);
    return watch_->from_client(bytes, since == kNever ? Loop::now() : since);
  }
  watch_->to_client(bytes, answers_);
  for (const auto& answer : answers_) host_.served(facts_, {answer.ok, Loop::now() - answer.asked});
  answers_.clear();
}

void Turns::tell_turn() { host_.turned(facts_, std::exchange(turned_, {})); }

void Turns::upgraded() {
  if (std::exchange(upgraded_, true)) return;
  answered(true);
}

void Turns::over() {
  const bool waits = std::exchange(since_, kNever) != kNever;
  const bool broken = std::exchange(broken_, false);
  if (of_bytes()) {
    if (turned_.bytes != Turned{}.bytes) tell_turn();
    return;
  }
  const auto open = watch_ ? watch_->open() : 0;
  for (std::size_t i = 0; i < open; ++i) host_.served(facts_, {false, std::nullopt});
  if (open == 0 && (waits || broken) && !(watch_ && watch_->leaving())) {
    host_.served(facts_, {false, std::nullopt});
  }
  watch_.reset();
}

}  // namespace brownout::proxy
