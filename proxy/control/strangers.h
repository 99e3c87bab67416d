// Strangers lists the connections of an HTTP server that are not authorized yet, and selects the
// connection to close when there are too many. HttpServer owns one; one thread.
//
// The oldest connection of the address with the most connections is ended first. So a flood from
// one address ends its own connections, as long as every other address has fewer.
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
  // Returns the connection to end next; -1 without connections.
  int first_to_go() const;

 private:
  struct Place {
    rules::IpAddress from;
    std::uint64_t number = 0;  // position in the order in which connections arrived
  };
  std::uint64_t numbers_ = 0;
  // connections of each client address, the oldest first
  std::map<rules::IpAddress, std::map<std::uint64_t, int>> by_address_;
  std::map<int, Place> found_;
};

}  // namespace brownout::proxy
