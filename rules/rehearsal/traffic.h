// Counts the traffic of all clients through the proxy during a rehearsal: connections, results of
// requests, and latencies. Counts are kept by listener, region of the client and server, in steps
// of scenario time. Pure values.
//
// Scenario time is real time since the first phase of the rehearsal began, multiplied by the
// scenario's time_scale. Latencies are real time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

// LatencyHistogram counts durations in buckets like those of HdrHistogram: eight for each power of
// two, so the error is at most an eighth of a value. Durations below a microsecond count as one
// microsecond.
class LatencyHistogram {
 public:
  void add(Duration value, std::uint64_t count = 1);
  void add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // Returns the upper end of the bucket with the p-quantile, for p from 0 to 1. Returns zero if the
  // histogram is empty.
  Duration percentile(double p) const;

  struct Bucket {
    Duration most{};  // upper end of the bucket
    std::uint64_t count = 0;
  };
  // Returns the buckets that are not empty, shortest durations first.
  std::vector<Bucket> buckets() const;

 private:
  // Number of durations by index of the bucket. The map is sparse, because most steps of time
  // contain a narrow range of durations.
  std::map<std::uint16_t, std::uint64_t> counts_;
  std::uint64_t count_ = 0;
};

struct TrafficCounts {
  std::uint64_t connections = 0;  // number of connections that reached a server
  std::uint64_t ok = 0;           // successful requests, in protocols that the proxy parses
  std::uint64_t failed = 0;       // failed requests, in the same protocols
  // The next three members are for traffic that the proxy does not parse. `turns` is how often data
  // of the server followed data of the client; the others are numbers of bytes.
  std::uint64_t turns = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::map<std::string, std::uint64_t> servers;  // number of connections by server
  // Real time until the response began, including responses that count as failures.
  LatencyHistogram latency;

  std::uint64_t requests() const { return ok + failed; }
  void add(const TrafficCounts& other);
};

// The counts of one listener and region in the time span of `length` that starts at `begin`.
struct TrafficStep {
  Duration begin{};
  Duration length{};
  std::string listener;
  std::string region;  // region whose prefixes contain the client; empty if none does
  TrafficCounts counts;
};

}  // namespace brownout::rules
