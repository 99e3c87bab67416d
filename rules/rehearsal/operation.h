// One thing that one synthetic user did: at several endpoints if the first failed. Times are those
// of the scenario, from the beginning of the first phase; before it they are negative.
#pragma once

#include <cstdint>
#include <string>

#include "rules/base/instant.h"

namespace brownout::rules {

struct Operation {
  std::uint32_t probe = 0;  // index in the scenario
  std::uint32_t user = 0;   // of the probe's, from 0
  Duration began{};
  Duration ended{};
  Duration took{};  // real time, of the attempt that succeeded
  bool ok = false;
  int endpoint = -1;  // that served it
  std::uint32_t attempts = 1;
  std::uint32_t failed = 0;    // of the attempts
  std::uint32_t connects = 0;  // new connections
  std::int64_t sent = 0;       // messages
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  std::string why = {};  // the last failed attempt
  bool unable = false;   // it could not even be tried, for a reason on the users' side
  // The rehearsal ended meanwhile; whether that is a failure depends on how long it had waited.
  bool unfinished = false;
};

}  // namespace brownout::rules
