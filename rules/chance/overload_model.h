// An overloaded server: a queue (queue_model.h) that real requests share with phantom ones, which
// nobody sends and which use up its capacity all the same.
//
// Phantom requests arrive as a Poisson process of load(t) times the capacity. One that finds no
// place, or is served later than its client's patience, is sent again after a while, up to
// `retries` times: the work that was done for it is lost, and the retries are load of their own. A
// short surge can so leave the server overloaded for good (Bronson et al., "Metastable Failures in
// Distributed Systems", HotOS 2021).
//
// A function of (dice, the instants at which real requests arrive). One thread at a time. The work
// for one request is bounded: of a gap in which more happens than kMostSteps, the beginning and the
// end are followed, and in between everything stands still as it is, waiting retries included.
#pragma once

#include <functional>
#include <vector>

#include "rules/chance/dice.h"
#include "rules/chance/queue_model.h"

namespace brownout::rules {

enum class ServiceTime { kExponential, kConstant, kUniform, kPareto };

struct OverloadSettings {
  std::size_t concurrency = 1;
  std::size_t queue = 0;
  Duration service{};  // on average
  ServiceTime distribution = ServiceTime::kExponential;

  std::int64_t retries = 0;  // of a phantom request
  Duration patience = std::chrono::seconds(1);
  Duration retry_after = std::chrono::milliseconds(500);

  double capacity() const;  // requests a second
};

class OverloadModel {
 public:
  // Arrivals of phantoms between two real requests that are followed one by one: some
  // milliseconds of work.
  static constexpr int kMostSteps = 20'000;

  // load(t) is how many times the capacity phantom requests ask for; at most `most_load`.
  using Load = std::function<double(Instant)>;
  OverloadModel(const OverloadSettings& settings, const Dice& dice, Load load, double most_load,
                Instant began);

  struct Outcome {
    bool accepted = false;
    Duration wait{};
    Duration service{};
    std::size_t in_system = 0;
  };
  // A real request, whose service time is the dice's for `event`. With `anyway` the queue has no
  // end for it.
  Outcome arrive(Instant now, std::uint64_t event, bool anyway);

  // Phantom requests so far.
  struct Phantoms {
    std::uint64_t arrived = 0;  // retries among them
    std::uint64_t retries = 0;
    std::uint64_t failed = 0;  // found no place, or were served too late
  };
  const Phantoms& phantoms() const { return phantoms_; }
  std::size_t in_system() const { return queue_.in_system(); }
  // Everything that phantoms do until `now`.
  void advance(Instant now);

 private:
  struct Retry {
    Instant at;
    std::int64_t attempt;
    bool operator>(const Retry& other) const { return at > other.at; }
  };
  Duration draw_service(const Dice& dice, std::uint64_t event) const;
  // False when more happens until `now` than so many steps.
  bool follow(Instant now, int steps);
  // Nothing happens for so long.
  void stand_still(Duration gap);
  Instant next_event() const;
  void next_phantom(Instant from);
  void phantom_arrives(Instant now, std::int64_t attempt);

  OverloadSettings settings_;
  Dice dice_;
  Dice services_;
  Load load_;
  double most_load_;
  QueueModel queue_;
  Instant next_ = kNever;
  std::vector<Retry> retries_;  // a heap, earliest first
  std::uint64_t draws_ = 0;
  Phantoms phantoms_;
};

}  // namespace brownout::rules
