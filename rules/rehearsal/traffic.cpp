#include "rules/rehearsal/traffic.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace brownout::rules {
namespace {

constexpr unsigned kBits = 3;  // number of bits after the leading one bit that select the bucket
constexpr std::uint64_t kPerOctave = 1U << kBits;

std::uint16_t bucket_of(Duration value) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(1, value.count() / 1000));
  const auto octave = static_cast<unsigned>(std::bit_width(micros)) - 1;
  const auto behind = octave <= kBits ? micros << (kBits - octave) : micros >> (octave - kBits);
  return static_cast<std::uint16_t>(octave * kPerOctave + (behind & (kPerOctave - 1)));
}

Duration upper_end(std::uint16_t bucket) {
  const auto octave = bucket / kPerOctave;
  const auto part = static_cast<double>(bucket % kPerOctave + 1) / kPerOctave;
  return Duration(std::llround(std::exp2(static_cast<double>(octave)) * (1 + part) * 1000));
}

}  // namespace

void LatencyHistogram::add(Duration value, std::uint64_t count) {
  counts_[bucket_of(value)] += count;
  count_ += count;
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (const auto& [bucket, count] : other.counts_) counts_[bucket] += count;
  count_ += other.count_;
}

Duration LatencyHistogram::percentile(double p) const {
  if (count_ == 0) return {};
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (const auto& [bucket, count] : counts_) {
    seen += count;
    if (seen >= wanted) return upper_end(bucket);
  }
  return upper_end(counts_.rbegin()->first);
}

std::vector<LatencyHistogram::Bucket> LatencyHistogram::buckets() const {
  std::vector<Bucket> all;
  for (const auto& [bucket, count] : counts_) all.push_back({upper_end(bucket), count});
  return all;
}

void TrafficCounts::add(const TrafficCounts& other) {
  connections += other.connections;
  ok += other.ok;
  failed += other.failed;
  turns += other.turns;
  bytes_up += other.bytes_up;
  bytes_down += other.bytes_down;
  for (const auto& [server, count] : other.servers) servers[server] += count;
  latency.add(other.latency);
}

}  // namespace brownout::rules
