// FailureLog records why operations failed in each phase, and which synthetic user lost which
// message. Memory is bounded by kMostKinds and kMostLosses. Plain values; any thread.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale. Phases are indices in Scenario::phases.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/operation.h"

namespace brownout::rules {

class FailureLog {
 public:
  static constexpr std::size_t kMostKinds = 100;
  static constexpr std::size_t kMostLosses = 1000;

  struct Loss {
    std::uint32_t probe = 0;  // index of the probe in the scenario
    std::uint32_t user = 0;   // index of the user within its probe, from 0
    std::uint64_t message = 0;
    Duration at{};
    std::optional<Duration> found = {};  // time at which a later operation received the message
  };

  // Adds an operation: its failure, its lost messages, and lost messages that arrived after all.
  // `phase` is the index of the phase in which the operation began.
  void add(std::size_t phase, const Operation& operation);

  // Returns the number of failed operations for each reason and, within it, for the index of each
  // phase. Reasons after the first kMostKinds count as "other reasons".
  const std::map<std::string, std::map<std::size_t, std::uint64_t>>& kinds() const {
    return kinds_;
  }
  // Returns the first kMostLosses lost messages, in order of time.
  const std::vector<Loss>& losses() const { return losses_; }
  // Returns the number of lost messages that losses() does not contain.
  std::uint64_t losses_left_out() const { return left_out_; }

 private:
  std::map<std::string, std::map<std::size_t, std::uint64_t>> kinds_;
  std::vector<Loss> losses_;
  std::uint64_t left_out_ = 0;
};

}  // namespace brownout::rules
