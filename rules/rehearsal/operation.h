// One operation of one synthetic user, with attempts at further endpoints if the first fails. Times
// are scenario time since the start of the first phase; times before it are negative.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

struct Operation {
  std::uint32_t probe = 0;  // index in the scenario
  std::uint32_t user = 0;   // index among the probe's users, from 0
  Duration began{};
  Duration ended{};
  Duration took{};  // real time of the successful attempt
  bool ok = false;
  int endpoint = -1;  // index of the endpoint that served it; -1: none
  std::uint32_t attempts = 1;
  std::uint32_t failed = 0;    // failed attempts
  std::uint32_t connects = 0;  // new connections
  std::int64_t sent = 0;       // messages
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  // Numbers of messages, from 1 for each user: lost in this operation, or in an earlier one and
  // arrived in this one.
  std::vector<std::uint64_t> missing = {};
  std::vector<std::uint64_t> found = {};
  std::string why = {};  // reason of the last failed attempt
  bool unable = false;   // could not be attempted, for a reason on the users' side
  // The rehearsal ended first. Tally decides by the time waited whether this is a failure.
  bool unfinished = false;
};

}  // namespace brownout::rules
