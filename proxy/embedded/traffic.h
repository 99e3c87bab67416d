// Embedded clients that measure: round trips, new connections, throughput. For verify, demo and
// bench.
//
// Each function runs on the caller's thread until its time is over. The server must be an
// EchoServer, straight or behind a proxy.
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
  rules::Duration interval{};  // from one message to the next (later if the reply is); 0 is at once
  rules::Duration length = std::chrono::seconds(2);
};

struct Pings {
  std::vector<rules::Duration> round_trips;  // sorted
  double per_second = 0;
  std::uint64_t errors = 0;

  // p from 0 to 1; zero when there are none.
  rules::Duration percentile(double p) const;
};

Pings ping(const Endpoint& server, const PingOptions& options);

// Connects, sends a message, waits for the reply and closes, on `concurrency` connections at a
// time.
struct Connects {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;  // refused or reset
  double per_second = 0;
};
// Ends after `length`, or after `most` connections if that is not 0.
Connects connect_repeatedly(const Endpoint& server, int concurrency, rules::Duration length,
                            std::uint64_t most = 0);

// Bytes a second that arrive from a server that sends without end, once `settle` is over.
double stream(const Endpoint& server, int streams, rules::Duration length, rules::Duration settle);

// A blocking connection, or none; with a receive time-out of ten seconds.
Fd connect_to(const Endpoint& server);

}  // namespace brownout::proxy
