// FailureLog: why operations failed, by phase, and which user lost which message. Memory is
// bounded. Pure values.
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
    std::uint32_t probe = 0;  // index in the scenario
    std::uint32_t user = 0;   // index among the probe's users, from 0
    std::uint64_t message = 0;
    Duration at{};
    std::optional<Duration> found = {};  // it arrived late, in a later attempt
  };

  // `phase`: number of the phase in which the operation began.
  void add(std::size_t phase, const Operation& operation);

  // Failed operations by reason, then by phase.
  const std::map<std::string, std::map<std::size_t, std::uint64_t>>& kinds() const {
    return kinds_;
  }
  // The first kMostLosses, in order of time.
  const std::vector<Loss>& losses() const { return losses_; }
  std::uint64_t losses_left_out() const { return left_out_; }

 private:
  std::map<std::string, std::map<std::size_t, std::uint64_t>> kinds_;
  std::vector<Loss> losses_;
  std::uint64_t left_out_ = 0;
};

}  // namespace brownout::rules
