// Numbered messages there and back: which are under way, and what became of them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>

#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

// How long a library waits before it is asked whether its user has given up.
inline constexpr std::chrono::milliseconds kMostLibraryWait(50);

// In an attempt.
inline constexpr int kMessages = 3;

class NumberedMessages {
 public:
  // The number of the next one, which counts as lost until it comes.
  std::uint64_t send(Attempt& done) {
    ++done.sent;
    ++done.lost;
    return *under_way_.insert(under_way_.end(), ++last_);
  }
  // One that comes in a later attempt than its own is lost in that, and found in this. One that is
  // not under way came before.
  void came(std::uint64_t number, Attempt& done) {
    if (under_way_.erase(number) == 0) {
      ++done.duplicated;
      return;
    }
    --done.lost;
    if (number < highest_) ++done.reordered;
    highest_ = std::max(highest_, number);
  }
  std::uint64_t last() const { return last_; }
  // Whether all behind `number` have come, and if not, how many have not.
  bool all_came(std::uint64_t number) const { return left(number) == 0; }
  std::size_t left(std::uint64_t number) const {
    return static_cast<std::size_t>(
        std::distance(under_way_.upper_bound(number), under_way_.end()));
  }
  std::string missing(std::uint64_t number) const {
    return std::to_string(left(number)) + " of " + std::to_string(last_ - number) +
           " messages did not come back";
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t highest_ = 0;  // that came
  std::set<std::uint64_t> under_way_;
};

}  // namespace brownout::rehearsal
