// FixedWindow counts requests in time windows of fixed length, for rate limits. A window begins
// with the first request after the previous window has ended. All threads may share a FixedWindow.
#pragma once

#include <cstdint>

#include "rules/base/instant.h"
#include "rules/base/shared_model.h"

namespace brownout::rules {

class FixedWindow {
 public:
  struct Count {
    std::int64_t number;  // of this request in its window, from 1
    Duration left;        // time until the window ends
  };

  Count add(Instant now, Duration window) {
    return state_.use([&](std::optional<State>& state) {
      if (!state || state->end <= now) state = State{later(now, window), 0};
      return Count{++state->count, state->end - now};
    });
  }

 private:
  struct State {
    Instant end;
    std::int64_t count;
  };
  SharedModel<State> state_;
};

}  // namespace brownout::rules
