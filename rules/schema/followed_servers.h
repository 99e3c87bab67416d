// FollowedServers assigns a port of a listener to each server that a cluster announces, for example
// to each broker of a Kafka cluster. Clients get these ports in place of the servers' addresses, so
// all their connections pass through the proxy.
//
// Copies share one table, so that all connections of the listener know the same servers. Any
// thread; a lock is held only for a lookup or an insertion.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/shared_model.h"
#include "rules/schema/port_range.h"

namespace brownout::rules {

class FollowedServers {
 public:
  // Maximum number of ports in a range.
  static constexpr std::size_t kMostPorts = 256;

  // `host` is announced to clients instead of the servers' hosts. A default-constructed object
  // assigns no ports.
  static FollowedServers make(std::string host, PortRange ports);

  bool any() const { return table_ != nullptr; }
  const PortRange& ports() const { return ports_; }
  bool owns(std::uint16_t port) const { return any() && ports_.contains(port); }
  // Returns the address to announce to clients instead of the server's. A new server gets the next
  // free port. If none is free, it takes the port of a server that is absent from the last N
  // announcements, where N is the number of ports. No value if there is no such server.
  std::optional<Endpoint> announce(const Endpoint& server) const;
  // Returns the server that has the port, if any.
  std::optional<Endpoint> server_at(std::uint16_t port) const;

  // Ignores the assigned servers, since they are not part of a listener's settings, which this
  // operator compares.
  friend bool operator==(const FollowedServers& a, const FollowedServers& b) {
    return a.any() == b.any() && a.host_ == b.host_ && a.ports_ == b.ports_;
  }

 private:
  struct Entry {
    Endpoint server;
    std::uint64_t announced = 0;  // number of the last announcement
  };
  struct Table {
    std::vector<Entry> entries;  // by port, from the first of the range
    std::uint64_t announcements = 0;
  };

  std::string host_;
  PortRange ports_;
  std::shared_ptr<SharedModel<Table>> table_;
};

}  // namespace brownout::rules
