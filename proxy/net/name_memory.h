// NameMemory: remembers which host names lead to an address, from the DNS answers that clients
// received. With it, rules can match a host name although a connection shows only an address.
//
// Bounded: beyond kMostAddresses the oldest address is forgotten, and beyond kMostNames the oldest
// name of an address. Shared by all workers; safe on any thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/base/address.h"
#include "rules/schema/name_pattern.h"

namespace brownout::proxy {

class NameMemory {
 public:
  static constexpr std::size_t kMostAddresses = 16384;
  static constexpr std::size_t kMostNames = 8;
  using Names = std::shared_ptr<const std::vector<std::string>>;

  // Records that `name` leads to `address`. The name is in lower case, without a trailing dot.
  void remember(const std::string& name, const rules::IpAddress& address);
  // Returns the names that lead to `address`, the latest first. Null if no name is known.
  Names names_of(const rules::IpAddress& address) const;
  // Returns the addresses to which names that match a pattern lead, the latest first.
  std::vector<rules::IpAddress> addresses_of(const std::vector<rules::NamePattern>& patterns,
                                             std::size_t most) const;
  // Sets a function to call when a name has a new address. It is called on the thread that called
  // remember(). Set it before other threads use this object.
  void on_new_name(std::function<void()> tell) { tell_ = std::move(tell); }

 private:
  bool add(const std::string& name, const rules::IpAddress& address);

  std::function<void()> tell_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Names> names_;  // the key holds the bytes of an IP address
  std::deque<std::string> order_;
};

}  // namespace brownout::proxy
