// AddressMap rewrites the server addresses that a protocol announces to clients, so that clients
// connect to listeners instead: { "10.0.0.1:7000" = "127.0.0.1:17000" }. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/diagnostics.h"
#include "rules/schema/node.h"

namespace brownout::rules {

class AddressMap {
 public:
  bool empty() const { return entries_.empty(); }
  // Returns the address that replaces this one, or null if the address stays.
  const Endpoint* find(std::string_view host, std::uint16_t port) const;
  friend bool operator==(const AddressMap&, const AddressMap&) = default;

  // Reads the table of the key `rewrite`.
  static AddressMap read(const Node& node, Diagnostics& problems);

 private:
  std::vector<std::pair<Endpoint, Endpoint>> entries_;
};

}  // namespace brownout::rules
