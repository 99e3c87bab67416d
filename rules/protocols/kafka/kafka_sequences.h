// KafkaSequences keeps the sequence numbers of idempotent producers right after a rule removed or
// added records of their batches. The broker expects that each batch continues the one before. So
// all later batches of the producer move by the same count (shift_sequence()).
//
// A producer that got no response sends a batch again, with the same sequence number. The broker
// recognizes the copy by it. So what was decided for a batch is kept, and done again.
//
// Shared by all flows of a rule, since a producer may reconnect (SharedModel); one thread at a
// time.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brownout::rules {

// A producer and the partition to which it writes, which have sequence numbers of their own.
struct KafkaProducer {
  std::int64_t id = -1;
  std::string topic;
  std::int64_t partition = 0;

  friend auto operator<=>(const KafkaProducer&, const KafkaProducer&) = default;
};

class KafkaSequences {
 public:
  // A producer has at most 5 batches without a response.
  static constexpr std::size_t kMostBatches = 8;
  static constexpr std::size_t kMostProducers = 10'000;
  // Maximum number of records that are remembered, of all producers together.
  static constexpr std::size_t kMostRecords = std::size_t{1} << 24U;

  // The decisions for a batch with a certain base_sequence.
  struct Known {
    // For each record of the batch, whether the rule acts on it; empty if on none. No value for a
    // new batch.
    std::optional<std::vector<bool>> hits;
    std::int64_t shift = 0;  // by which base_sequence moves
  };
  Known find(const KafkaProducer& producer, std::int16_t epoch, std::int32_t sequence) const;

  // Keeps what was decided for a new batch, by which later batches move by `change`. Returns false
  // if too much is kept already; then no record of the batch may be removed or added.
  bool add(const KafkaProducer& producer, std::int16_t epoch, std::int32_t sequence,
           std::vector<bool> hits, std::int64_t change);

 private:
  struct Batch {
    std::int32_t sequence = 0;
    std::vector<bool> hits;
    std::int64_t shift = 0;   // of this batch
    std::int64_t change = 0;  // of the shift, for the batches behind
  };
  // A producer that is reset continues with a new epoch, in which its numbers begin at 0.
  struct History {
    std::int16_t epoch = -1;
    std::deque<Batch> batches;
  };
  static std::int64_t shift_in(const History& history, std::int32_t sequence);

  std::map<KafkaProducer, History> producers_;
  std::size_t records_ = 0;
};

}  // namespace brownout::rules
