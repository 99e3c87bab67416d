// History keeps the traffic of the last ten minutes, one point a second, so that a page that is
// opened during an outage shows how the outage began. Memory is bounded: kMostListeners listeners
// of kPoints points each. Control loop's thread only.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "proxy/engine/engine.h"

namespace brownout::proxy {

class History final : private Deadline {
 public:
  static constexpr std::size_t kPoints = 600;
  static constexpr std::size_t kMostListeners = 100;

  // Borrows both arguments.
  History(Loop& loop, const Engine& engine);
  ~History() override;

  // Adds a point for the time since the previous call. Call every second.
  void sample();
  // Returns the points after number `number` as columns: {"first", "last", "time", "faults",
  // "listeners"}. Returns all points if no point has this number.
  nlohmann::ordered_json after(std::uint64_t number) const;

 private:
  // Rates are per second. A percentile is negative if no request was answered.
  struct Traffic {
    float up = 0;
    float down = 0;
    float p50_ms = -1;
    float p99_ms = -1;
    float failed = 0;
    float connect_failed = 0;
  };
  struct Counters {
    std::array<std::uint64_t, 2> bytes{};
    std::uint64_t failed = 0;
    std::uint64_t connect_failed = 0;
    std::array<std::uint64_t, rules::SharedHistogram::kBounds.size() + 1> answered{};
  };
  struct Course {
    // Only compared, never dereferenced. A different pointer means that the listener was replaced,
    // and its points start again.
    const ListenerStats* stats = nullptr;
    Counters before;
    std::deque<Traffic> points;  // the newest last; a new listener has none yet
    std::uint64_t last = 0;      // number of the last sample that included this listener
  };
  struct Point {
    double time = 0;  // Unix time
    double faults = 0;
  };

  static Counters counters_of(const ListenerStats& stats);
  static Traffic between(const Counters& before, const Counters& now, double seconds);
  void follow_listeners(double seconds);
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  const Engine& engine_;
  Instant sampled_;
  std::uint64_t last_ = 0;  // number of the latest point, from 1
  std::uint64_t injected_ = 0;
  std::deque<Point> points_;
  std::map<std::string, Course> listeners_;
};

}  // namespace brownout::proxy
