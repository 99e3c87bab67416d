// ConnectionNumbers stores, for one connection, its number in the count of each rule with
// count = "connection" (1 is the first connection that the rule counted). All requests and messages
// on the connection use the same number. Used on the connection's thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace brownout::rules {

class ConnectionNumbers {
 public:
  // Returns the number that the rule gave to this connection. Calls next() for a new number if the
  // rule has not yet numbered the connection since its counter was reset. `rule` identifies the
  // rule; `resets` says how often the counter was reset.
  template <class Next>
  std::uint64_t of(const std::shared_ptr<const void>& rule, std::uint64_t resets,
                   const Next& next) {
    const auto found = std::find_if(given_.begin(), given_.end(),
                                    [&](const Given& given) { return given.rule == rule; });
    if (found != given_.end() && found->resets == resets) return found->number;
    if (found != given_.end()) {
      given_.erase(found);
    } else {
      // Forget rules that are no longer loaded, because a connection may outlive many of them.
      std::erase_if(given_, [](const Given& given) { return given.rule.use_count() == 1; });
    }
    given_.push_back({rule, resets, next()});
    return given_.back().number;
  }

 private:
  struct Given {
    std::shared_ptr<const void> rule;
    std::uint64_t resets = 0;
    std::uint64_t number = 0;
  };
  std::vector<Given> given_;
};

}  // namespace brownout::rules
