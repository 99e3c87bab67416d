#include "rules/faults/common/rate_stage.h"

#include <algorithm>

namespace brownout::rules {
void RateStage::push(Chunk chunk, Instant now, Output& out) {
  queue_.push(std::move(chunk));
  if (leaves_ == kNever && piece_ == 0) {
    in_segment_ = 0;  // after a pause a new segment begins
    reserve(now);
  }
  send_due(now, out);
  if (!queue_.empty() && !noted_) {
    noted_ = true;
    out.note({.action = "limit"}, now);
  }
}

void RateStage::finish(Instant now, Output& out) {
  finished_ = true;
  pass_end(now, out);
}

void RateStage::release(Instant now, Output& out) {
  while (!queue_.empty()) out.emit(queue_.pop(), now);
  pass_end(now, out);
}

// Begins the next piece, which leaves as a whole. It contains only bytes that have already arrived;
// bytes that arrive while it waits belong to later pieces.
void RateStage::reserve(Instant now) {
  piece_ = std::min(queue_.bytes(), link_.piece(now));
  const auto end = in_segment_ + static_cast<std::int64_t>(piece_);
  leaves_ = link_.reserve(now, link_.cost().of_stream(in_segment_, end));
  in_segment_ = end % PacketCost::kSegment;
}

void RateStage::send_due(Instant now, Output& out) {
  while (leaves_ <= now) {
    for (std::size_t left = piece_; left > 0;) {
      Chunk part = queue_.pop(left);
      left -= part.size();
      out.emit(std::move(part), now);
    }
    piece_ = 0;
    leaves_ = kNever;
    if (queue_.empty()) return pass_end(now, out);
    reserve(now);
  }
}

// Passes on the end of the stream, once, after the last byte.
void RateStage::pass_end(Instant now, Output& out) {
  if (!finished_ || !queue_.empty()) return;
  finished_ = false;
  out.finish(now);
}

}  // namespace brownout::rules
