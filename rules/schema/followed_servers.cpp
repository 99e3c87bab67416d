#include "rules/schema/followed_servers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/schema/name_pattern.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kNodePlace = "{node}";

}  // namespace

std::optional<ServerNames> ServerNames::parse(std::string_view pattern) {
  const auto text = canonical_name(pattern);
  const auto at = text.find(kNodePlace);
  if (at == std::string::npos) return std::nullopt;
  ServerNames names;
  names.before_ = text.substr(0, at);
  names.behind_ = text.substr(at + kNodePlace.size());
  const bool again = names.behind_.find(kNodePlace) != std::string::npos;
  return again ? std::nullopt : std::optional(std::move(names));
}

std::string ServerNames::name_of(std::int64_t node) const {
  return before_ + std::to_string(node) + behind_;
}

std::optional<std::int64_t> ServerNames::node_of(std::string_view name) const {
  const auto canonical = canonical_name(name);
  std::string_view rest = canonical;
  if (!rest.starts_with(before_) || !rest.ends_with(behind_)) return std::nullopt;
  if (rest.size() <= before_.size() + behind_.size()) return std::nullopt;
  rest = rest.substr(before_.size(), rest.size() - before_.size() - behind_.size());
  std::int64_t node = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), node);
  const bool whole = read.ec == std::errc() && read.ptr == rest.data() + rest.size();
  // The name of each id is unique: "broker-01" is none.
  const bool valid = whole && node >= 0 && name_of(node) == canonical;
  return valid ? std::optional(node) : std::nullopt;
}

FollowedServers FollowedServers::make(std::string host, PortRange ports) {
  FollowedServers followed;
  followed.host_ = std::move(host);
  followed.ports_ = ports;
  followed.table_ = std::make_shared<SharedModel<Table>>();
  return followed;
}

FollowedServers FollowedServers::make(ServerNames names, std::uint16_t port) {
  auto followed = make("", PortRange{port, port});
  followed.names_ = std::move(names);
  return followed;
}

std::size_t FollowedServers::most() const {
  return names_ ? kMostNamed : static_cast<std::size_t>(ports_.last - ports_.first) + 1;
}

bool FollowedServers::is_same(const AnnouncedServer& a, const AnnouncedServer& b) const {
  return names_ ? a.node == b.node : a.address == b.address;
}

std::optional<std::int64_t> FollowedServers::node_of(std::string_view name) const {
  return names_ ? names_->node_of(name) : std::nullopt;
}

std::optional<Endpoint> FollowedServers::announce(const AnnouncedServer& server) const {
  if (names_ && !server.node) return std::nullopt;
  const auto index = table_->use([&](std::optional<Table>& table) {
    if (!table) table.emplace();
    auto& entries = table->entries;
    auto found = std::find_if(entries.begin(), entries.end(),
                              [&](const auto& entry) { return is_same(entry.server, server); });
    if (found == entries.end() && entries.size() < most()) {
      found = entries.insert(entries.end(), {server});
    } else if (found == entries.end()) {
      found = std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return a.announced < b.announced;
      });
      if (found->announced + most() > table->announcements) return std::ptrdiff_t{-1};
    }
    found->server = server;
    found->announced = ++table->announcements;
    std::erase(table->left_out, server.address);
    return found - entries.begin();
  });
  if (index < 0) return std::nullopt;
  if (names_) return Endpoint{names_->name_of(*server.node), ports_.first, ""};
  return Endpoint{host_, static_cast<std::uint16_t>(ports_.first + index), ""};
}

bool FollowedServers::first_left_out(const Endpoint& server) const {
  return table_->use([&](std::optional<Table>& table) {
    if (!table) table.emplace();
    auto& all = table->left_out;
    const bool known = std::find(all.begin(), all.end(), server) != all.end();
    if (known || all.size() >= kMostNamed) return false;
    all.push_back(server);
    return true;
  });
}

std::optional<AnnouncedServer> FollowedServers::server_at(std::uint16_t port) const {
  if (!owns(port)) return std::nullopt;
  return table_->use([&](const std::optional<Table>& table) {
    const auto index = static_cast<std::size_t>(port - ports_.first);
    const bool known = table && index < table->entries.size();
    return known ? std::optional(table->entries[index].server) : std::nullopt;
  });
}

std::optional<AnnouncedServer> FollowedServers::server_of(std::int64_t node) const {
  if (!any()) return std::nullopt;
  return table_->use([&](const std::optional<Table>& table) -> std::optional<AnnouncedServer> {
    if (!table) return std::nullopt;
    const auto found = std::find_if(table->entries.begin(), table->entries.end(),
                                    [&](const auto& entry) { return entry.server.node == node; });
    return found != table->entries.end() ? std::optional(found->server) : std::nullopt;
  });
}

void FollowedServers::take_over(const FollowedServers& before) {
  if (!any() || !before.any()) return;
  auto servers = before.table_->use([](const std::optional<Table>& table) {
    return table ? table->entries : std::vector<Entry>();
  });
  if (servers.size() > most()) servers.resize(most());
  for (const auto& entry : servers) announce(entry.server);
}

}  // namespace brownout::rules
