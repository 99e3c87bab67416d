// Operation is the result of one operation of one synthetic user. It includes attempts at further
// endpoints if the first failed. Plain values; any thread.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale. Times before the first phase are negative. Only `took` is real time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

// A time in which the group of a consumer had fewer partitions than before.
struct Rebalance {
  Duration began{};
  Duration ended{};
};

struct Operation {
  std::uint32_t probe = 0;  // index of the probe in the scenario
  std::uint32_t user = 0;   // index of the user within its probe, from 0
  Duration began{};
  Duration ended{};
  Duration took{};  // duration of the last attempt, in real time
  bool ok = false;
  int endpoint = -1;  // index of the endpoint that served the operation; -1 if none did
  std::uint32_t attempts = 1;
  std::uint32_t failed = 0;    // number of failed attempts
  std::uint32_t connects = 0;  // number of new connections
  std::int64_t sent = 0;       // number of messages sent
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  // `missing` has the numbers of the messages that this operation lost. `found` has the numbers of
  // messages that an earlier operation lost and this operation received. Each user numbers its
  // messages from 1.
  std::vector<std::uint64_t> missing = {};
  std::vector<std::uint64_t> found = {};
  // For users with a consumer in a group. `lag` is the number of messages that the server has and
  // the user had not read when the operation ended. `rebalances` has those that ended since the
  // previous operation of the user, and last one that goes on, with the end of this operation as
  // its end. The next operation repeats that one, with the same `began`.
  std::optional<std::int64_t> lag = {};
  std::vector<Rebalance> rebalances = {};
  std::string why = {};  // reason of the last failed attempt
  // Whether no attempt was possible, for a reason on the side of the synthetic users.
  bool unable = false;
  // Whether the rehearsal ended during the operation. Tally counts such an operation as failed only
  // if it waited long enough (Tally::overdue).
  bool unfinished = false;
};

}  // namespace brownout::rules
