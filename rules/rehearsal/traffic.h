// Traffic through the proxy during a rehearsal, from any client: connections, outcomes of requests,
// and latencies. Counted by listener, client prefix and server, in steps of scenario time. Pure
// values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

// A histogram of durations with buckets like HdrHistogram's: eight for each power of two, so values
// are accurate to an eighth. Durations below a microsecond count as one microsecond.
class LatencyHistogram {
 public:
  void add(Duration value, std::uint64_t count = 1);
  void add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // The upper end of the bucket with the p-quantile, p from 0 to 1; zero if empty.
  Duration percentile(double p) const;

  struct Bucket {
    Duration most{};  // upper end of the bucket
    std::uint64_t count = 0;
  };
  // The buckets that are not empty, shortest durations first.
  std::vector<Bucket> buckets() const;

 private:
  std::map<std::uint16_t, std::uint64_t> counts_;  // sparse: most steps see a narrow range
  std::uint64_t count_ = 0;
};

struct TrafficCounts {
  std::uint64_t connections = 0;  // connections that reached a server
  std::uint64_t ok = 0;           // successful requests, in protocols that the proxy parses
  std::uint64_t failed = 0;
  // For unparsed bytes: how often server data followed client data, and the number of bytes.
  std::uint64_t turns = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::map<std::string, std::uint64_t> servers;  // connections by server
  LatencyHistogram latency;  // until the response began; includes failures with a response

  std::uint64_t requests() const { return ok + failed; }
  void add(const TrafficCounts& other);
};

// The counts of one listener and region, for `length` from `begin` on.
struct TrafficStep {
  Duration begin{};
  Duration length{};
  std::string listener;
  std::string region;  // region whose prefixes contain the client; empty: none
  TrafficCounts counts;
};

}  // namespace brownout::rules
