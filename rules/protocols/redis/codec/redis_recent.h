// RedisRecent keeps the latest commands of one Redis connection and uses their memory again, which
// saves the allocations of each command. Owned by a RedisPairing; one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "rules/protocols/redis/redis.h"

namespace brownout::messages {

class RedisRecent {
 public:
  static constexpr std::size_t kMost = 32;             // number of commands
  static constexpr std::size_t kMostMemory = 1 << 10;  // bytes of a command that is used again

  // Returns a command to overwrite: an earlier one to which nothing refers any more, or a new one.
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
  // Index of the first command to be free, because commands end in about the order in which they
  // begin.
  std::size_t oldest_ = 0;
};

}  // namespace brownout::messages
