#include "rules/engine/delay_line.h"

#include <algorithm>

namespace brownout::rules {

void DelayLine::add(Chunk chunk, Instant ready) {
  held_ += chunk.size();
  items_.push_back({std::max(ready, last()), std::move(chunk)});
}

void DelayLine::finish(Instant ready) {
  add(Chunk{}, ready);
  items_.back().end = true;
}

void DelayLine::drain(Instant now, Output& out) {
  while (!empty() && items_[head_].ready <= now) {
    // Remove the chunk before calling emit(), because emit() may lead to calls of held() and
    // deadline().
    Item item = std::move(items_[head_]);
    held_ -= item.chunk.size();
    if (++head_ == items_.size()) {
      items_.clear();
      head_ = 0;
    } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    if (item.end) {
      out.finish(now);
    } else {
      out.emit(std::move(item.chunk), now);
    }
  }
}

void DelayLine::release(Instant now, Output& out) {
  for (auto i = head_; i < items_.size(); ++i) items_[i].ready = Instant::min();
  drain(now, out);
}

void HoldingStage::finish(Instant now, Output& out) {
  line_.finish(now);
  line_.drain(now, out);
}

void HoldingStage::hold(Chunk chunk, Instant ready, Instant now, Output& out) {
  line_.add(std::move(chunk), ready);
  line_.drain(now, out);
}

}  // namespace brownout::rules
