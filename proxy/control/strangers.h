// Strangers holds a server's connections that have not been authorized yet, grouped by client
// address, and selects the connection to evict.
//
// When there are too many, the oldest connection of the address with the most is evicted first. So
// a flood evicts its own connections, as long as every other address has fewer.
#pragma once

#include <cstdint>
#include <map>

#include "rules/base/address.h"

namespace brownout::proxy {

class Strangers {
 public:
  void add(int connection, rules::IpAddress from);
  void remove(int connection);
  bool contains(int connection) const { return found_.contains(connection); }
  std::size_t size() const { return found_.size(); }
  // The connection to evict next; -1 if there is none.
  int first_to_go() const;

 private:
  struct Place {
    rules::IpAddress from;
    std::uint64_t number = 0;  // order of arrival
  };
  std::uint64_t numbers_ = 0;
  std::map<rules::IpAddress, std::map<std::uint64_t, int>> by_address_;  // oldest first
  std::map<int, Place> found_;
};

}  // namespace brownout::proxy
