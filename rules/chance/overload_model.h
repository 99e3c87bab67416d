// OverloadModel simulates an overloaded server: a queue (queue_model.h) that real requests share
// with phantom requests. Phantom requests are simulated only, but use capacity as real ones do.
//
// Phantom requests arrive as a Poisson process of load(t) times the capacity. A phantom request
// fails if the queue is full, or if its service ends after the client's patience. A failed request
// is retried after a pause, up to `retries` times. The retries are additional load, so a short
// surge can leave the server overloaded permanently (Bronson et al., "Metastable Failures in
// Distributed Systems", HotOS 2021).
//
// The result depends only on the random number generator and on the arrival times of real requests.
// Only one thread may use the model at a time. The work per real request is bounded: if more than
// kMostSteps events fall between two requests, only the beginning and the end of the gap are
// simulated. In the middle of the gap, the queue and the pending retries stay frozen.
#pragma once

#include <functional>
#include <vector>

#include "rules/chance/dice.h"
#include "rules/chance/queue_model.h"

namespace brownout::rules {

enum class ServiceTime { kExponential, kConstant, kUniform, kPareto };

struct OverloadSettings {
  std::size_t concurrency = 1;  // number of requests that the server serves at the same time
  std::size_t queue = 0;        // maximum number of requests that wait
  Duration service{};           // mean service time
  ServiceTime distribution = ServiceTime::kExponential;

  std::int64_t retries = 0;  // maximum number of retries of one simulated request
  // Time-out of a simulated request, from its arrival to the end of its service.
  Duration patience = std::chrono::seconds(1);
  Duration retry_after = std::chrono::milliseconds(500);  // mean pause before a retry

  double capacity() const;  // requests per second that the server can serve
};

class OverloadModel {
 public:
  // Maximum number of requests simulated between two real requests. Simulating so many takes a few
  // milliseconds of CPU time.
  static constexpr int kMostSteps = 20'000;

  // A function that returns the simulated load at an instant, as a multiple of the capacity. The
  // result is at most `most_load`.
  using Load = std::function<double(Instant)>;
  // `began` is the instant at which the simulation begins.
  OverloadModel(const OverloadSettings& settings, const Dice& dice, Load load, double most_load,
                Instant began);

  struct Outcome {
    bool accepted = false;      // false if the queue is full
    Duration wait{};            // time until the service of this request begins
    Duration service{};         // service time of this request
    std::size_t in_system = 0;  // number of other requests waiting or in service
  };
  // Adds a real request; `event` determines its random service time. If `anyway` is true, the
  // request is accepted even if the queue is full.
  Outcome arrive(Instant now, std::uint64_t event, bool anyway);

  // Numbers of simulated ("phantom") requests since the model was created.
  struct Phantoms {
    std::uint64_t arrived = 0;  // simulated requests, including retries
    std::uint64_t retries = 0;
    // Simulated requests that a full queue rejected, or that were served after the client's
    // patience ended.
    std::uint64_t failed = 0;
  };
  const Phantoms& phantoms() const { return phantoms_; }
  std::size_t in_system() const { return queue_.in_system(); }
  // Simulates arrivals, retries and departures up to `now`.
  void advance(Instant now);

 private:
  struct Retry {
    Instant at;
    std::int64_t attempt;
    bool operator>(const Retry& other) const { return at > other.at; }
  };
  Duration draw_service(const Dice& dice, std::uint64_t event) const;
  // Simulates events up to `now`. Returns false if more than `steps` events remain.
  bool follow(Instant now, int steps);
  // Skips a gap without simulation: moves all future events later by `gap`.
  void postpone(Duration gap);
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
  std::vector<Retry> retries_;  // a heap, earliest retry first
  std::uint64_t draws_ = 0;
  Phantoms phantoms_;
};

}  // namespace brownout::rules
