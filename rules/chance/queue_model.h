// A server as a queue: `servers` that each serve one request at a time, `places` in which others
// wait in order of arrival, and no more. With Poisson arrivals and exponential service this is
// M/M/c/K, K = servers + places (Kleinrock, "Queueing Systems" I, 3.6-3.7; the tests compare).
//
// Because the service time of a request is drawn when it arrives, and the queue is first come first
// served, when it leaves is known at once: there is nothing to simulate in between. Virtual time;
// one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

class QueueModel {
 public:
  static constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

  QueueModel(std::size_t servers, std::size_t places)
      : free_at_(servers, Instant::min()), places_(places) {}

  struct Outcome {
    bool accepted = false;
    Duration wait{};            // before it is served
    std::size_t in_system = 0;  // when it came, without itself
  };
  // A request that needs `service`. `now` that goes back counts as the latest so far.
  Outcome arrive(Instant now, Duration service);
  // As arrive(), but it may wait even where no place is left.
  Outcome arrive_anyway(Instant now, Duration service);

  // Lets go what has been served by now.
  void advance(Instant now);
  // All that is inside is served so much later.
  void stand_still(Duration gap);
  std::size_t in_system() const { return leaving_.size(); }

 private:
  Outcome serve(Instant now, Duration service);

  std::vector<Instant> free_at_;   // a heap, earliest first: when each server is free
  std::vector<Instant> leaving_;   // a heap, earliest first: when each request leaves
  Instant last_ = Instant::min();  // when the last of them leaves
  std::size_t places_;
  Instant now_ = Instant::min();
};

}  // namespace brownout::rules
