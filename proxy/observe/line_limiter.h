// LineLimiter decides which log lines are written, so that clients cannot flood the log. At most
// kMost lines of one kind are written in each period kWindow, which begins with the kind's first
// line. Further lines are only counted.
//
// A kind may contain text from clients (a destination, for example), so at most kMostKinds are
// tracked; all others count as one kind. Has no clock; callers pass the time. Use one object on one
// thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::proxy {

class LineLimiter {
 public:
  static constexpr unsigned kMost = 10;
  static constexpr std::size_t kMostKinds = 32;
  static constexpr rules::Duration kWindow = std::chrono::seconds(10);

  struct LeftOut {
    std::string kind;
    std::uint64_t lines = 0;
  };

  // Whether a line of this kind may be written at the time `now`.
  bool admit(std::string_view kind, rules::Instant now);
  // Ends the periods that have expired at `now`, and returns how many lines of each kind were left
  // out.
  std::vector<LeftOut> take_over(rules::Instant now);
  // Ends all periods, and returns how many lines of each kind were left out.
  std::vector<LeftOut> take_all() { return take_over(rules::Instant::max()); }

 private:
  struct Window {
    rules::Instant end{};
    unsigned written = 0;
    std::uint64_t left_out = 0;
  };
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace brownout::proxy
