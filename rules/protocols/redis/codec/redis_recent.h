// RedisRecent is a pool of RedisCommand objects for one Redis connection. It reuses the memory of
// earlier commands, which saves allocations. Owned by a RedisPairing; one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "rules/protocols/redis/redis.h"

namespace brownout::messages {

class RedisRecent {
 public:
  static constexpr std::size_t kMost = 32;             // number of commands
  static constexpr std::size_t kMostMemory = 1 << 10;  // bytes; larger commands are not reused

  // Returns a command object to overwrite: an earlier one that is not referenced any more, or a new
  // one.
  std::shared_ptr<rules::RedisCommand> blank() {
    const bool used = oldest_ < recent_.size() && recent_[oldest_].use_count() == 1 &&
                      recent_[oldest_]->memory() <= kMostMemory;
    if (!used && recent_.size() < kMost) {
      recent_.push_back(std::make_shared<rules::RedisCommand>());
      return recent_.back();
    }
    auto& command = recent_[oldest_];
    if (!used) command = std::make_shared<rules::RedisCommand>();
    oldest_ = (oldest_ + 1) % recent_.size();
    return command;
  }

 private:
  std::vector<std::shared_ptr<rules::RedisCommand>> recent_;
  // Index of the command that is probably free first, since commands end in about the order in
  // which they begin.
  std::size_t oldest_ = 0;
};

}  // namespace brownout::messages
