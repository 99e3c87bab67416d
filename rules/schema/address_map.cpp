#include "rules/schema/address_map.h"

#include <algorithm>

#include "rules/schema/schema.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kAddressMapForm =
    "e.g. rewrite = { \"10.0.0.1:7000\" = \"127.0.0.1:17000\" }: left, the address that the server "
    "announces; right, the address of the listener in front of that server";

}  // namespace

const Endpoint* AddressMap::find(std::string_view host, std::uint16_t port) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return entry.first.port == port && entry.first.host == host;
  });
  return found != entries_.end() ? &found->second : nullptr;
}

std::optional<Endpoint> AddressMap::announce(const AnnouncedServer& server) const {
  if (const auto* other = find(server.address.host, server.address.port)) return *other;
  return followed_.any() ? followed_.announce(server) : std::nullopt;
}

AddressMap AddressMap::read(const Node& node, Diagnostics& problems) {
  AddressMap map;
  if (node.table() == nullptr) {
    problems.add(node.where, "rewrite: expected a table, found " + std::string(node.type_name()),
                 std::string(kAddressMapForm));
    return map;
  }
  for (const auto& member : *node.table()) {
    auto from = parse_endpoint(member.key);
    auto to = ValueKind<Endpoint>::read(member.node);
    if (!to) problems.add(member.node.where, "rewrite: " + to.error().what, to.error().hint);
    if (!from) problems.add(member.where, "rewrite: " + from.error().what, from.error().hint);
    if (!to || !from) continue;
    if (from->is_unix() || from->port == 0 || to->is_unix() || to->port == 0) {
      problems.add(member.where, "rewrite needs a host with a port on both sides of each =",
                   std::string(kAddressMapForm));
      continue;
    }
    map.entries_.emplace_back(std::move(*from), std::move(*to));
  }
  return map;
}

}  // namespace brownout::rules
