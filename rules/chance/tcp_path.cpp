#include "rules/chance/tcp_path.h"

#include <algorithm>
#include <cmath>

namespace brownout::rules {
namespace {

constexpr double kInitialWindow = 10;
constexpr double kMostWindow = TcpPath::kMostSegments;
constexpr std::uint64_t kDuplicateAcks = 3;
constexpr Duration kLongestTimeout = std::chrono::seconds(120);

double mathis_window(double loss) {
  return loss > 0 ? std::min(kMostWindow, std::sqrt(1.5 / loss)) : kMostWindow;
}

}  // namespace

TcpPath::TcpPath(const TcpSettings& settings, LossModel losses)
    : settings_(settings),
      losses_(std::move(losses)),
      window_(kInitialWindow),
      threshold_(mathis_window(losses_.mean_loss())) {}

TcpPath::Step TcpPath::step(const Now& now, std::size_t bytes) {
  Step step;
  while (!acks_.empty() && acks_.front().at <= now.instant) {
    const Ack ack = acks_.front();
    acks_.pop_front();
    take_ack(ack);
  }
  if (reordered_until_ <= now.instant) detect(now.instant);
  round_trip_ = now.round_trip;
  if (!lost_.empty() && timeout_at_ <= now.instant) {
    time_out(now.instant, step);
    if (step.failed) return step;
  } else if (!lost_.empty() && may_probe() && probe_at_ <= now.instant) {
    probe(now, step);
  }
  unsent_ += bytes;
  send(now, step);
  return step;
}

Instant TcpPath::deadline() const {
  if (unsent_ == 0 && again_.empty() && lost_.empty()) return kNever;
  Instant at = acks_.empty() ? kNever : acks_.front().at;
  if (lost_.empty()) return at;
  if (may_probe()) at = std::min(at, probe_at_);
  return std::min({at, reordered_until_, timeout_at_});
}

std::size_t TcpPath::window() const {
  return static_cast<std::size_t>(window_) * settings_.segment;
}

Duration TcpPath::timeout() const {
  const Duration once = sum(round_trip_, settings_.least_rto);
  return std::min(times(once, std::int64_t{1} << timeouts_), std::max(once, kLongestTimeout));
}

void TcpPath::take_ack(const Ack& ack) {
  ++acks_seen_;
  probed_ = false;
  probe_at_ = later(ack.at, times(round_trip_, 2));
  if (ack.expected > acknowledged_) {
    acknowledged_ = ack.expected;
    timeouts_ = 0;
    timeout_at_ = later(ack.at, timeout());
  }
  if (recovering_ && acknowledged_ >= recovered_) recovering_ = slow_start_ = false;
  if (limited_ && (!recovering_ || slow_start_)) {
    window_ = std::min(kMostWindow, window_ + (window_ < threshold_ ? 1 : 1 / window_));
  }
  detect(ack.at);
}

// Finds the transmissions whose loss the acknowledgements prove. Acknowledgements arrive in the
// order of sending, so losses are detected in this order, too.
void TcpPath::detect(Instant at) {
  reordered_until_ = kNever;
  while (!lost_.empty()) {
    const Lost& first = lost_.front();
    const auto later_acks = acks_seen_ - std::min(acks_seen_, first.delivered_before);
    if (later_acks == 0) return;
    if (!recovering_ && later_acks < kDuplicateAcks) {
      const auto due = later(first.sent, sum(round_trip_, round_trip_ / 4));
      if (due > at) {
        reordered_until_ = due;
        return;
      }
    }
    again_.insert(first.segment);
    lost_.pop_front();
    if (!recovering_) {
      reduce();
      retransmit_now_ = true;
    }
  }
}

// Halves the window, and begins to retransmit the losses of this window.
void TcpPath::reduce() {
  recovering_ = true;
  recovered_ = next_;
  threshold_ = std::max(2.0, window_ / 2);
  window_ = threshold_;
}

void TcpPath::time_out(Instant now, Step& step) {
  if (timeouts_ == kMostRetransmissions) {
    step.failed = true;
    return;
  }
  ++timeouts_;
  for (const auto& lost : lost_) again_.insert(lost.segment);
  lost_.clear();
  reordered_until_ = kNever;
  if (!recovering_) reduce();
  recovered_ = next_;
  slow_start_ = true;
  window_ = static_cast<double>(acks_.size()) + 1;
  timeout_at_ = later(now, timeout());
}

void TcpPath::probe(const Now& now, Step& step) {
  probed_ = true;
  timeout_at_ = later(now.instant, timeout());
  if (unsent_ > 0 && segments_.size() < kMostSegments) return send_new(now, step);
  const auto segment = lost_.back().segment;
  lost_.pop_back();
  reduce();
  transmit(segment, now, step);
}

void TcpPath::send(const Now& now, Step& step) {
  // Resets the window after an idle period, since the path may have changed (RFC 5681, 4.1).
  if (in_flight() == 0 && now.instant > later(last_sent_, timeout())) {
    window_ = std::min(window_, kInitialWindow);
  }
  const auto has_room = [&] { return static_cast<double>(in_flight()) + 1 <= window_; };
  while (!again_.empty() && (has_room() || retransmit_now_)) {
    retransmit_now_ = false;
    const auto segment = *again_.begin();
    again_.erase(again_.begin());
    transmit(segment, now, step);
  }
  while (again_.empty() && unsent_ > 0 && has_room() && segments_.size() < kMostSegments) {
    send_new(now, step);
  }
  limited_ = !has_room();
}

void TcpPath::send_new(const Now& now, Step& step) {
  const auto bytes = std::min(unsent_, settings_.segment);
  unsent_ -= bytes;
  segments_.push_back({.bytes = bytes});
  probe_at_ = later(now.instant, times(now.round_trip, 2));
  transmit(next_++, now, step);
}

void TcpPath::transmit(std::uint64_t segment, const Now& now, Step& step) {
  if (in_flight() == 0 || segment == acknowledged_) timeout_at_ = later(now.instant, timeout());
  last_sent_ = now.instant;
  const auto ordinal = transmissions_++;
  if (losses_.next(now.intensity)) {
    lost_.push_back({segment, now.instant, delivered_});
    // If the round trip has become longer, an acknowledgement may arrive after the time-out. Then
    // sets the time-out again.
    if (timeout_at_ <= now.instant) timeout_at_ = later(now.instant, timeout());
    step.losses.push_back({segments_[segment - expected_].bytes, ordinal});
    return;
  }
  ++delivered_;
  receive(segment, step);
  // Acknowledgements keep their order even if the round trip becomes shorter.
  const Instant at = later(now.instant, now.round_trip);
  acks_.push_back({acks_.empty() ? at : std::max(at, acks_.back().at), expected_});
}

void TcpPath::receive(std::uint64_t segment, Step& step) {
  segments_[segment - expected_].received = true;
  while (!segments_.empty() && segments_.front().received) {
    step.arrived += segments_.front().bytes;
    segments_.pop_front();
    ++expected_;
  }
}

}  // namespace brownout::rules
