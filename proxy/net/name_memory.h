// What names an address was given for: from the DNS answers that clients got, so that rules can
// mean a host where a connection shows its address only.
//
// Bounded: beyond kMostAddresses the oldest is forgotten, as are the oldest of kMostNames of one.
// Shared by all workers; any thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/base/address.h"

namespace brownout::proxy {

class NameMemory {
 public:
  static constexpr std::size_t kMostAddresses = 16384;
  static constexpr std::size_t kMostNames = 8;
  using Names = std::shared_ptr<const std::vector<std::string>>;

  // `name` in lower case, without the dot at the end.
  void remember(const std::string& name, const rules::IpAddress& address);
  // The last one first; null if there is none.
  Names names_of(const rules::IpAddress& address) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Names> names_;  // by the bytes of the address
  std::deque<std::string> order_;
};

}  // namespace brownout::proxy
