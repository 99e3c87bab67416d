// Counts lost, duplicated and reordered messages of a synthetic user, by the number in each
// message.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>

#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

// Longest wait inside a library between two checks of given_up().
inline constexpr std::chrono::milliseconds kMostLibraryWait(50);

// Messages in one attempt.
inline constexpr int kMessages = 3;

class NumberedMessages {
 public:
  // Returns the number of the next message, which counts as lost until it arrives.
  std::uint64_t send(Attempt& done) {
    ++done.sent;
    ++done.lost;
    return *under_way_.insert(under_way_.end(), ++last_);
  }
  // A message that arrives in a later attempt stays lost in the attempt that sent it, and counts as
  // found in the later one. A message that is not in flight is a duplicate.
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
  // True if all messages after `number` have arrived; left() is the number of missing ones.
  bool all_came(std::uint64_t number) const { return left(number) == 0; }
  std::size_t left(std::uint64_t number) const {
    return static_cast<std::size_t>(
        std::distance(under_way_.upper_bound(number), under_way_.end()));
  }
  std::string missing(std::uint64_t number) const {
    return std::to_string(left(number)) + " of " + rules::count_of(last_ - number, "message") +
           " did not come back";
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t highest_ = 0;  // highest number that arrived
  std::set<std::uint64_t> under_way_;
};

}  // namespace brownout::rehearsal
