#include "proxy/flow/turns.h"

#include <utility>

namespace brownout::proxy {
namespace {

// After this many bytes, makes a report even if no bytes of the server have followed.
constexpr std::uint64_t kReportAfter = 1 << 20;

}  // namespace

void Turns::report_request(bool ok) {
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
    return report_turn();
  }
  if (total >= kReportAfter) report_turn();
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

void Turns::report_turn() { host_.turned(facts_, std::exchange(turned_, {})); }

void Turns::upgraded() {
  if (std::exchange(upgraded_, true)) return;
  answered(true);
}

void Turns::over() {
  const bool waits = std::exchange(since_, kNever) != kNever;
  const bool broken = std::exchange(broken_, false);
  if (of_bytes()) {
    if (turned_.bytes != Turned{}.bytes) report_turn();
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
