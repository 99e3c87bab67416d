// Supports faults that answer HTTP requests with Retry-After (RFC 9110, 10.2.3): the key that says
// whether a client that retries earlier is refused again, and the bookkeeping for it. Any thread.
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
  kIgnore,  // a client that retries early is treated like any other
  kPunish,  // a client that retries early is refused until its time has passed
};

template <>
struct EnumNames<EarlyRetry> {
  static constexpr std::array kValues{
      std::pair<std::string_view, EarlyRetry>{"ignore", EarlyRetry::kIgnore},
      std::pair<std::string_view, EarlyRetry>{"punish", EarlyRetry::kPunish}};
};

// The meaning of the key, for the reference page.
inline constexpr std::string_view kAboutEarlyRetry =
    "what happens to a request that comes before the time in Retry-After is over. \"ignore\": it "
    "is handled like any other request. \"punish\": it is refused again, with the remaining "
    "seconds in Retry-After, and counted (`metric = \"came_back_early\"`); it does not extend the "
    "time";

// The time before which one client must not retry, by its Retry-After headers. All threads may
// share it.
class ToldToWait {
 public:
  // Returns how long the client must still wait; zero if it may send requests.
  Duration left(Instant now) const;
  // Records that the client was told at `now` to wait. An earlier, longer wait stays.
  void tell(Instant now, Duration wait);

 private:
  std::atomic<Instant> until_{Instant::min()};
};

// Return the time rounded up to whole seconds, as a duration and as the text for Retry-After.
Duration seconds_rounded_up(Duration time);
std::string retry_after_seconds(Duration time);
// Returns the time in the header Retry-After; no value if there is none, or if it is not a number
// of seconds.
std::optional<Duration> retry_after_of(const std::vector<HttpHeader>& headers);
}  // namespace brownout::rules
