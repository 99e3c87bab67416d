// LineLimiter: which lines of a kind are written: at most kMost in kWindow, which begins with the
// first of them. Counts the others. Clients may be the ones who choose the kind (where they want to
// go, for example), so beyond kMostKinds at a time all are of one kind. No clock, no thread.
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

  // Whether a line of that kind may be written at `now`.
  bool admit(std::string_view kind, rules::Instant now);
  // What was left out in the windows that are over, once.
  std::vector<LeftOut> take_over(rules::Instant now);
  // What was left out in all windows, which are over then.
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
