// FollowedServers gives each server that a protocol announces a port of a range. Clients reach the
// server (a broker of a Kafka cluster) through the listener that has the range.
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
  // Largest number of ports of a range.
  static constexpr std::size_t kMostPorts = 256;

  // `host` is announced to clients instead of the servers' hosts. A default-constructed object
  // follows no servers.
  static FollowedServers make(std::string host, PortRange ports);

  bool any() const { return table_ != nullptr; }
  const PortRange& ports() const { return ports_; }
  bool owns(std::uint16_t port) const { return any() && ports_.contains(port); }
  // Returns the address to announce to clients instead of the server's. A server that is announced
  // for the first time gets the next free port. If there is none, it gets the port of a server that
  // was not among the last announcements, as many as there are ports. No value if all were.
  std::optional<Endpoint> announce(const Endpoint& server) const;
  // Returns the server that has the port, if any.
  std::optional<Endpoint> server_at(std::uint16_t port) const;

  // The servers are no setting: objects that differ only in them are equal.
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
