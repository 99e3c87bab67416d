#include "rules/faults/common/link.h"

#include <algorithm>

namespace brownout::rules {
namespace {

constexpr std::int64_t kPiecesPerSecond = 100;
constexpr std::uint64_t kOpportunity = DeliveryTrace::kPacket;

}  // namespace

Duration LinkState::take(const DeliveryTrace& trace, Duration from, std::int64_t bytes) {
  const auto passed = trace.first_from(from) * kOpportunity;
  const auto more = static_cast<std::uint64_t>(bytes);
  auto before = used_.load(std::memory_order_relaxed);
  std::uint64_t begin = 0;
  do {
    begin = std::max(before, passed);
  } while (!used_.compare_exchange_weak(before, begin + more, std::memory_order_relaxed));
  const auto last = more > 0 ? begin + more - 1 : begin;
  return trace.at(last / kOpportunity);
}

std::int64_t LinkState::left(const DeliveryTrace& trace, Duration from) const {
  const auto passed = trace.first_from(from) * kOpportunity;
  const auto begin = std::max(used_.load(std::memory_order_relaxed), passed);
  return static_cast<std::int64_t>(kOpportunity - begin % kOpportunity);
}

LinkUse::LinkUse(const LinkSettings& settings, const Intensity& intensity, const Dice& dice,
                 Instant start, LinkState* shared)
    : settings_(settings),
      intensity_(intensity),
      dice_(dice),
      start_(start),
      state_(shared != nullptr ? shared : &own_) {}

Rate LinkUse::rate_at(Instant when) const {
  if (!settings_.vary || when < start_) return settings_.rate;
  const auto period = (when - start_) / settings_.vary->every;
  const auto [low, high] =
      std::minmax(settings_.rate.bits_per_second, settings_.vary->to.bits_per_second);
  return Rate{dice_.between(static_cast<std::uint64_t>(period), low, high)};
}

Instant LinkUse::reserve(Instant now, std::int64_t line_bytes) {
  if (settings_.trace) {
    const auto passed = state_->take(*settings_.trace, since_start(now), line_bytes);
    const auto wait = std::max(Duration::zero(), later(start_, passed) - now);
    return later(now, scaled(wait, intensity_.at(now)));
  }
  // A piece or datagram keeps the rate with which its transmission begins.
  return state_->pacer.reserve_from(
      now, time_for(settings_.burst, rate_at(now)), [&](Instant from) {
        return later(from, scaled(time_for(Bytes{line_bytes}, rate_at(from)), intensity_.at(now)));
      });
}

std::size_t LinkUse::piece(Instant now) const {
  if (settings_.trace) {
    return static_cast<std::size_t>(settings_.cost.is_free()
                                        ? state_->left(*settings_.trace, since_start(now))
                                        : PacketCost::kSegment);
  }
  const auto bytes = rate_at(now).bits_per_second / 8 / kPiecesPerSecond;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, bytes));
}

}  // namespace brownout::rules
