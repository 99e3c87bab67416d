#include "rules/chance/queue_model.h"

#include <algorithm>
#include <functional>

namespace brownout::rules {

void QueueModel::advance(Instant now) {
  now_ = std::max(now_, now);
  if (last_ <= now_) return leaving_.clear();
  while (!leaving_.empty() && leaving_.front() <= now_) {
    std::pop_heap(leaving_.begin(), leaving_.end(), std::greater<>{});
    leaving_.pop_back();
  }
}

void QueueModel::postpone(Duration gap) {
  // Move only instants in the future. An idle server became free in the past, and must stay idle.
  for (auto* heap : {&free_at_, &leaving_}) {
    for (auto& at : *heap) {
      if (at > now_) at = later(at, gap);
    }
  }
  if (last_ > now_) last_ = later(last_, gap);
  now_ = later(now_, gap);
}

QueueModel::Outcome QueueModel::serve(Instant now, Duration service) {
  Outcome outcome{.accepted = true, .wait = {}, .in_system = leaving_.size()};
  std::pop_heap(free_at_.begin(), free_at_.end(), std::greater<>{});
  const Instant start = std::max(now, free_at_.back());
  outcome.wait = start - now;
  const Instant end = later(start, service);
  free_at_.back() = end;
  std::push_heap(free_at_.begin(), free_at_.end(), std::greater<>{});
  last_ = std::max(last_, end);
  leaving_.push_back(end);
  std::push_heap(leaving_.begin(), leaving_.end(), std::greater<>{});
  return outcome;
}

QueueModel::Outcome QueueModel::arrive(Instant now, Duration service) {
  advance(now);
  const bool full =
      leaving_.size() >= free_at_.size() && leaving_.size() - free_at_.size() >= places_;
  if (full) return {.accepted = false, .wait = {}, .in_system = leaving_.size()};
  return serve(now_, service);
}

QueueModel::Outcome QueueModel::arrive_anyway(Instant now, Duration service) {
  advance(now);
  return serve(now_, service);
}

}  // namespace brownout::rules
