#include "rules/schema/followed_servers.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {

FollowedServers FollowedServers::make(std::string host, PortRange ports) {
  FollowedServers followed;
  followed.host_ = std::move(host);
  followed.ports_ = ports;
  followed.table_ = std::make_shared<SharedModel<Table>>();
  return followed;
}

std::optional<Endpoint> FollowedServers::announce(const Endpoint& server) const {
  const auto most = static_cast<std::size_t>(ports_.last - ports_.first) + 1;
  const auto index = table_->use([&](std::optional<Table>& table) {
    if (!table) table.emplace();
    auto& entries = table->entries;
    auto found = std::find_if(entries.begin(), entries.end(),
                              [&](const auto& entry) { return entry.server == server; });
    if (found == entries.end() && entries.size() < most) {
      found = entries.insert(entries.end(), {server});
    } else if (found == entries.end()) {
      found = std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return a.announced < b.announced;
      });
      if (found->announced + most > table->announcements) return std::ptrdiff_t{-1};
      found->server = server;
    }
    found->announced = ++table->announcements;
    return found - entries.begin();
  });
  if (index < 0) return std::nullopt;
  return Endpoint{host_, static_cast<std::uint16_t>(ports_.first + index), ""};
}

std::optional<Endpoint> FollowedServers::server_at(std::uint16_t port) const {
  if (!owns(port)) return std::nullopt;
  return table_->use([&](const std::optional<Table>& table) {
    const auto index = static_cast<std::size_t>(port - ports_.first);
    const bool known = table && index < table->entries.size();
    return known ? std::optional<Endpoint>(table->entries[index].server) : std::nullopt;
  });
}

}  // namespace brownout::rules
