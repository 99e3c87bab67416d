#include "rules/rehearsal/failure_log.h"

#include <algorithm>

namespace brownout::rules {

void FailureLog::add(std::size_t phase, const Operation& operation) {
  if (!operation.ok) {
    const bool known = kinds_.size() < kMostKinds || kinds_.contains(operation.why);
    ++kinds_[known ? operation.why : "other reasons"][phase];
  }
  for (const auto message : operation.found) {
    const auto lost = std::find_if(losses_.begin(), losses_.end(), [&](const Loss& loss) {
      return loss.probe == operation.probe && loss.user == operation.user &&
             loss.message == message;
    });
    if (lost != losses_.end()) lost->found = operation.ended;
  }
  for (const auto message : operation.missing) {
    if (losses_.size() < kMostLosses) {
      losses_.push_back({operation.probe, operation.user, message, operation.ended});
    } else {
      ++left_out_;
    }
  }
}

}  // namespace brownout::rules
