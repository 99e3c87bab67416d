// What passed through the proxy in a rehearsal, whoever sent it: connections, what became of each
// request, how long answers took; by listener, client prefix and server, in steps of the scenario's
// time. Pure values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

// Counts of durations in buckets as HdrHistogram has them: eight to a power of two, so that a value
// is known to an eighth of itself. From a microsecond up; what is shorter counts as one.
class LatencyHistogram {
 public:
  void add(Duration value, std::uint64_t count = 1);
  void add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // The upper end of the bucket that holds the p-th value, p from 0 to 1; zero when empty.
  Duration percentile(double p) const;

  struct Bucket {
    Duration most{};  // its upper end
    std::uint64_t count = 0;
  };
  // Those with something in them, from the shortest on.
  std::vector<Bucket> buckets() const;

 private:
  std::map<std::uint16_t, std::uint64_t> counts_;  // sparse: most steps see a narrow range
  std::uint64_t count_ = 0;
};

struct TrafficCounts {
  std::uint64_t connections = 0;  // that got a server
  std::uint64_t ok = 0;           // requests, where it is known what they are
  std::uint64_t failed = 0;
  // Of bytes that nobody understands: how often the server's followed the client's, and how many.
  std::uint64_t turns = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::map<std::string, std::uint64_t> servers;  // connections of each
  LatencyHistogram latency;  // until the answer began, failures with an answer too

  std::uint64_t requests() const { return ok + failed; }
  void add(const TrafficCounts& other);
};

// What there was of one listener and region from `begin` on, for `length`.
struct TrafficStep {
  Duration begin{};
  Duration length{};
  std::string listener;
  std::string region;  // whose prefixes the client is in; empty: none
  TrafficCounts counts;
};

}  // namespace brownout::rules
