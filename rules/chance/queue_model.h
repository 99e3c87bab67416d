// QueueModel simulates a server with a bounded queue: `servers` serve one request each at a time,
// and up to `places` requests wait in order of arrival. With Poisson arrivals and exponential
// service times this is M/M/c/K, K = servers + places (Kleinrock, "Queueing Systems" I, 3.6-3.7).
// The tests compare it with these formulas.
//
// The service time of a request is given when it arrives, and the queue is first come, first
// served. Therefore its departure time is known on arrival, without simulating steps in between.
// Uses virtual time. Only one thread may use the model at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

class QueueModel {
 public:
  // The number of places of a queue without a limit.
  static constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

  QueueModel(std::size_t servers, std::size_t places)
      : free_at_(servers, Instant::min()), places_(places) {}

  struct Outcome {
    bool accepted = false;
    Duration wait{};  // time until the service of this request begins
    // Number of requests waiting or in service when this request arrives, without this request.
    std::size_t in_system = 0;
  };
  // Adds a request that needs `service` time. If `now` is earlier than in a previous call, the
  // latest time so far is used.
  Outcome arrive(Instant now, Duration service);
  // Like arrive(), but accepts the request even if the queue is full.
  Outcome arrive_anyway(Instant now, Duration service);

  // Removes requests whose service has ended by `now`.
  void advance(Instant now);
  // Skips a gap without simulation: all requests in the system leave later by `gap`.
  void postpone(Duration gap);
  std::size_t in_system() const { return leaving_.size(); }

 private:
  Outcome serve(Instant now, Duration service);

  std::vector<Instant> free_at_;   // for each server, when it becomes free; a heap, earliest first
  std::vector<Instant> leaving_;   // for each request, when it leaves; a heap, earliest first
  Instant last_ = Instant::min();  // when the last request leaves
  std::size_t places_;
  Instant now_ = Instant::min();
};

}  // namespace brownout::rules
