#include "rules/protocols/kafka/kafka_sequences.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {
namespace {

// Whether `sequence` comes behind `other`. Numbers begin again at 0 behind 2^31-1.
bool is_behind(std::int32_t sequence, std::int32_t other) {
  constexpr std::uint32_t kNumbers = std::uint32_t{1} << 31U;
  const auto distance =
      (static_cast<std::uint32_t>(sequence) - static_cast<std::uint32_t>(other)) % kNumbers;
  return distance > 0 && distance < kNumbers / 2;
}

}  // namespace

std::int64_t KafkaSequences::shift_in(const History& history, std::int32_t sequence) {
  const auto& batches = history.batches;
  const auto before = std::find_if(batches.rbegin(), batches.rend(), [&](const Batch& batch) {
    return is_behind(sequence, batch.sequence);
  });
  if (before != batches.rend()) return before->shift + before->change;
  return batches.empty() ? 0 : batches.front().shift;
}

KafkaSequences::Known KafkaSequences::find(const KafkaProducer& producer, std::int16_t epoch,
                                           std::int32_t sequence) const {
  const auto found = producers_.find(producer);
  if (found == producers_.end() || found->second.epoch != epoch) return {};
  const auto& batches = found->second.batches;
  const auto same = std::find_if(batches.begin(), batches.end(),
                                 [&](const Batch& batch) { return batch.sequence == sequence; });
  if (same != batches.end()) return {same->hits, same->shift};
  return {std::nullopt, shift_in(found->second, sequence)};
}

bool KafkaSequences::add(const KafkaProducer& producer, std::int16_t epoch, std::int32_t sequence,
                         std::vector<bool> hits, std::int64_t change) {
  if (hits.size() > kMostRecords - records_) return false;
  auto found = producers_.find(producer);
  if (found == producers_.end()) {
    if (producers_.size() >= kMostProducers) return false;
    found = producers_.emplace(producer, History{}).first;
  }
  auto& history = found->second;
  const auto forget_first = [&] {
    records_ -= history.batches.front().hits.size();
    history.batches.pop_front();
  };
  while (history.epoch != epoch && !history.batches.empty()) forget_first();
  history.epoch = epoch;
  const auto shift = shift_in(history, sequence);
  records_ += hits.size();
  history.batches.push_back({sequence, std::move(hits), shift, change});
  if (history.batches.size() > kMostBatches) forget_first();
  return true;
}

}  // namespace brownout::rules
