// The key `retry_after` of faults that answer requests with Retry-After (RFC 9110, 10.2.3): whether
// a client that comes back earlier is refused again and counted.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/base/instant.h"
#include "rules/protocols/http1/http.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

enum class EarlyRetry {
  kIgnore,  // a client that comes back early is treated like any other
  kPunish,  // it is refused until its time is over
};

template <>
struct EnumNames<EarlyRetry> {
  static constexpr std::array kValues{
      std::pair<std::string_view, EarlyRetry>{"ignore", EarlyRetry::kIgnore},
      std::pair<std::string_view, EarlyRetry>{"punish", EarlyRetry::kPunish}};
};

// The meaning of the key, for the reference page.
inline constexpr std::string_view kAboutEarlyRetry =
    "\"punish\": a request that comes before the time in Retry-After is over is refused again, "
    "with the seconds that are left, and counted (`metric = \"came_back_early\"`); such a request "
    "does not lengthen the time";

// The time until which one client was told to wait. All threads may share it.
class ToldToWait {
 public:
  // Returns how long the client must still wait; zero if it may come.
  Duration left(Instant now) const;
  // The client is told at `now` to wait. A longer wait that it was told before stays.
  void tell(Instant now, Duration wait);

 private:
  std::atomic<Instant> until_{Instant::min()};
};

// Return the whole seconds after which the time is over, as a duration and as the value of
// Retry-After.
Duration seconds_rounded_up(Duration time);
std::string retry_after_seconds(Duration time);
// Returns the wait that a Retry-After among the headers asks for; no value without one that is a
// number of seconds.
std::optional<Duration> retry_after_of(const std::vector<HttpHeader>& headers);
}  // namespace brownout::rules
