// Strangers: the connections of a server that have not asked for anything yet, by the address that
// they come from. When there are too many, the oldest of the address that has most goes first: a
// flood pushes out itself, and none of others, as long as those have fewer.
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
  // -1 when there is none.
  int first_to_go() const;

 private:
  struct Place {
    rules::IpAddress from;
    std::uint64_t number = 0;
  };
  std::uint64_t numbers_ = 0;
  std::map<rules::IpAddress, std::map<std::uint64_t, int>> by_address_;  // oldest first
  std::map<int, Place> found_;
};

}  // namespace brownout::proxy
