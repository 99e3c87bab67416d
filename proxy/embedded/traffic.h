// Embedded load generators that measure round trips, new connections and throughput. Used by
// verify, demo and bench.
//
// Each function blocks the caller's thread until its time is over. The server must be an
// EchoServer, connected directly or through a proxy.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/loop/fd.h"
#include "proxy/net/socket.h"
#include "rules/base/instant.h"

namespace brownout::proxy {

struct PingOptions {
  int connections = 1;
  std::size_t bytes = 64;
  // time between messages; with 0, each message follows directly after the last reply
  rules::Duration interval{};
  rules::Duration length = std::chrono::seconds(2);
};

struct Pings {
  std::vector<rules::Duration> round_trips;  // durations, the shortest first
  double per_second = 0;
  std::uint64_t errors = 0;

  // Returns the duration that the share `p` (from 0 to 1) of all round trips did not exceed.
  // Returns zero without round trips.
  rules::Duration percentile(double p) const;
};

Pings ping(const Endpoint& server, const PingOptions& options);

// Result of connect_repeatedly().
struct Connects {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;  // connections that were refused or reset
  double per_second = 0;
};
// Opens connections, `concurrency` at a time. On each, sends a message, waits for the reply, and
// closes. Ends after `length`, or after `most` connections unless `most` is 0.
Connects connect_repeatedly(const Endpoint& server, int concurrency, rules::Duration length,
                            std::uint64_t most = 0);

// Returns the throughput from a server that sends endlessly, in bytes per second. `settle` is the
// warm-up time, which is not measured.
double stream(const Endpoint& server, int streams, rules::Duration length, rules::Duration settle);

// Opens a blocking connection with a receive timeout of ten seconds; null on failure.
Fd connect_to(const Endpoint& server);

}  // namespace brownout::proxy
