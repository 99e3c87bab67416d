// TokenQuota counts the units that clients use in time windows of fixed length, such as the tokens
// of a language model, for quotas. A window begins with the first request or use after the previous
// window has ended. All threads may share a TokenQuota.
#pragma once

#include <cstdint>

#include "rules/base/instant.h"
#include "rules/base/shared_model.h"

namespace brownout::rules {

class TokenQuota {
 public:
  struct Window {
    std::int64_t used;
    Duration left;  // time until the window ends
  };

  // Adds `tokens` to the window at `now`, and returns the window.
  Window use(Instant now, Duration window, std::int64_t tokens = 0) {
    return state_.use([&](std::optional<State>& state) {
      if (!state || state->end <= now) state = State{later(now, window), 0};
      state->used += tokens;
      return Window{state->used, state->end - now};
    });
  }

 private:
  struct State {
    Instant end;
    std::int64_t used;
  };
  SharedModel<State> state_;
};

}  // namespace brownout::rules
