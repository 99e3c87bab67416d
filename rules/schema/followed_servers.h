// FollowedServers assigns an address of a listener to each server that a cluster announces, for
// example to each broker of a Kafka cluster: a port, or a name with the server's id, which clients
// send as SNI. Clients get these in place of the servers' addresses, so all their connections pass
// through the proxy.
//
// Copies share one table, so that all connections of the listener know the same servers. Any
// thread; a lock is held only for a lookup or an insertion.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/shared_model.h"
#include "rules/schema/port_range.h"

namespace brownout::rules {

// A server that a protocol announces.
struct AnnouncedServer {
  Endpoint address;
  std::optional<std::int64_t> node = {};  // its id in the cluster; no value if it is not known

  friend bool operator==(const AnnouncedServer&, const AnnouncedServer&) = default;
};

// The host of each server: "broker-{node}.kafka.test", where "{node}" stands for its id.
class ServerNames {
 public:
  // Returns no value if "{node}" does not occur exactly once.
  static std::optional<ServerNames> parse(std::string_view pattern);

  std::string name_of(std::int64_t node) const;
  // Returns the id in a name, in upper or lower case. No value for another name.
  std::optional<std::int64_t> node_of(std::string_view name) const;
  friend bool operator==(const ServerNames&, const ServerNames&) = default;

 private:
  std::string before_;
  std::string behind_;
};

class FollowedServers {
 public:
  // Maximum number of ports in a range.
  static constexpr std::size_t kMostPorts = 256;
  // Largest number of servers that are known by their names.
  static constexpr std::size_t kMostNamed = 4096;

  // `host` is announced to clients instead of the servers' hosts. A default-constructed object
  // assigns no ports.
  static FollowedServers make(std::string host, PortRange ports);
  // All servers have this port, and their own names.
  static FollowedServers make(ServerNames names, std::uint16_t port);

  bool any() const { return table_ != nullptr; }
  bool by_port() const { return any() && !names_; }
  // The range of ports, if any.
  const PortRange& ports() const { return ports_; }
  bool owns(std::uint16_t port) const { return by_port() && ports_.contains(port); }
  // Returns the id in the name of a server, whether or not the server is known. No value for any
  // other name.
  std::optional<std::int64_t> node_of(std::string_view name) const;
  // Returns the address to announce to clients instead of the server's. By port, a server that is
  // announced for the first time gets the next free port. If there is none, it gets the port of a
  // server that was not among the last announcements, as many as there are ports. No value if all
  // were; by name, if the server's id is not known.
  std::optional<Endpoint> announce(const AnnouncedServer& server) const;
  // Whether a server for which announce() returned no value is seen for the first time since it
  // had an address.
  bool first_left_out(const Endpoint& server) const;
  // Return the server that has the port or the id, if any.
  std::optional<AnnouncedServer> server_at(std::uint16_t port) const;
  std::optional<AnnouncedServer> server_of(std::int64_t node) const;
  // Adds the servers that `before` knows, in the same order. By port, as many as there are ports.
  void take_over(const FollowedServers& before);

  // Ignores the assigned servers, since they are not part of a listener's settings, which this
  // operator compares.
  friend bool operator==(const FollowedServers& a, const FollowedServers& b) {
    return a.any() == b.any() && a.host_ == b.host_ && a.ports_ == b.ports_ && a.names_ == b.names_;
  }

 private:
  struct Entry {
    AnnouncedServer server;
    std::uint64_t announced = 0;  // number of the last announcement
  };
  struct Table {
    std::vector<Entry> entries;  // by port, from the first of the range
    std::uint64_t announcements = 0;
    std::vector<Endpoint> left_out;  // servers that have no address here
  };
  std::size_t most() const;
  bool is_same(const AnnouncedServer& a, const AnnouncedServer& b) const;

  std::string host_;
  PortRange ports_;  // with names, the one port of all servers
  std::optional<ServerNames> names_;
  std::shared_ptr<SharedModel<Table>> table_;
};

}  // namespace brownout::rules
