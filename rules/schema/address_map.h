// AddressMap replaces server addresses in protocol messages, so that clients connect to the proxy's
// listeners instead. Clusters (Redis, Kafka) announce such addresses. Replacements come from a
// table, { "10.0.0.1:7000" = "127.0.0.1:17000" }, or from ports or names of the listener
// (FollowedServers). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/diagnostics.h"
#include "rules/schema/followed_servers.h"
#include "rules/schema/node.h"

namespace brownout::rules {

class AddressMap {
 public:
  bool empty() const { return entries_.empty() && !followed_.any(); }
  // Returns the address in the table that replaces this one, or null if there is none.
  const Endpoint* find(std::string_view host, std::uint16_t port) const;
  // Returns the address that replaces a server's: the one in the table, or the one by which the
  // server is followed. No value if the address stays.
  std::optional<Endpoint> announce(const AnnouncedServer& server) const;
  // From now on, servers that are not in the table are followed.
  void follow(FollowedServers followed) { followed_ = std::move(followed); }
  // Lets the servers that `before` follows be followed, too.
  void take_over(const AddressMap& before) { followed_.take_over(before.followed_); }
  const FollowedServers& followed() const { return followed_; }
  friend bool operator==(const AddressMap&, const AddressMap&) = default;

  // Reads the table of the key `rewrite`.
  static AddressMap read(const Node& node, Diagnostics& problems);

 private:
  std::vector<std::pair<Endpoint, Endpoint>> entries_;
  FollowedServers followed_;
};

}  // namespace brownout::rules
