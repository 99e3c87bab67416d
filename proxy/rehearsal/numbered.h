// Counters of lost, duplicated and reordered messages, by the number in each message.
// NumberedMessages is for messages that a synthetic user sends and gets back; ReceivedNumbers is
// for messages that a server numbers. Each user owns one counter; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

// Longest wait inside a protocol's client library between two checks of given_up() (blocking.h).
inline constexpr std::chrono::milliseconds kMostLibraryWait(50);

// Number of messages that one attempt of a user sends.
inline constexpr int kMessages = 3;

class NumberedMessages {
 public:
  // Returns the number for the next message, which counts as lost until it arrives.
  std::uint64_t send(Attempt& done) {
    ++done.sent;
    ++done.lost;
    done.missing.push_back(last_ + 1);
    return *under_way_.insert(under_way_.end(), ++last_);
  }
  // Records the arrival of a message, or a duplicate if the message is not in flight. If an earlier
  // attempt sent the message, `done` counts one lost message less: that attempt has already counted
  // it as lost.
  void came(std::uint64_t number, Attempt& done) {
    if (under_way_.erase(number) == 0) {
      ++done.duplicated;
      return;
    }
    --done.lost;
    if (std::erase(done.missing, number) == 0) done.found.push_back(number);
    if (number < highest_) ++done.reordered;
    highest_ = std::max(highest_, number);
  }
  std::uint64_t last() const { return last_; }
  // Whether all messages after message `number` have arrived. left() returns how many of these
  // messages have not arrived.
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
  std::uint64_t highest_ = 0;  // highest number of a message that has arrived
  std::set<std::uint64_t> under_way_;
};

// The server numbers its messages consecutively. Messages before the first one that arrives are not
// counted as lost.
class ReceivedNumbers {
 public:
  // Call when a new stream begins, whose numbers start again from 0 or 1. Missing messages of the
  // previous stream cannot arrive any more.
  void begin_again() { begins_ = true; }
  // Counts an arrived message, and the messages that are missing before it, in `done`. A message
  // that arrives late is no longer counted as lost.
  void came(std::uint64_t number, Attempt& done) {
    if (std::exchange(begins_, false)) {
      highest_ = highest_.value_or(0);
      offset_ = *highest_ + 1 - std::min<std::uint64_t>(number, 1);
      missing_.clear();
    }
    number += offset_;
    if (!highest_ || number > *highest_) return came_next(number, done);
    if (missing_.erase(number) == 0) {
      ++done.duplicated;
      return;
    }
    --done.lost;
    ++done.reordered;
    if (std::erase(done.missing, number) == 0) done.found.push_back(number);
  }

 private:
  // A gap beyond this many messages is counted, but its numbers are not kept.
  static constexpr std::uint64_t kMostMissing = 100'000;

  void came_next(std::uint64_t number, Attempt& done) {
    const auto before = highest_ ? *highest_ : number - 1;
    const auto between = number - before - 1;
    highest_ = number;
    done.sent += counted(between) + 1;
    done.lost += counted(between);
    if (missing_.size() + between > kMostMissing) return;
    for (auto lost = before + 1; lost < number; ++lost) {
      missing_.insert(lost);
      done.missing.push_back(lost);
    }
  }
  // A server may send any number, so a gap is bounded.
  static std::int64_t counted(std::uint64_t messages) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(messages, 1'000'000'000));
  }

  bool begins_ = false;
  // added to the numbers of the present stream, so that numbers go on increasing
  std::uint64_t offset_ = 0;
  std::optional<std::uint64_t> highest_;
  std::set<std::uint64_t> missing_;
};

}  // namespace brownout::rehearsal
