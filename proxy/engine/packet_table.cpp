#include "proxy/engine/packet_table.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace brownout::proxy {
namespace {

constexpr rules::Duration kRefreshEvery = std::chrono::seconds(10);

// Returns the values of the counters in nftables' JSON output, by name (libnftables-json(5),
// COUNTER).
std::map<std::string, std::uint64_t> counters_in(const std::string& answer) {
  std::map<std::string, std::uint64_t> found;
  const auto json = nlohmann::json::parse(answer, nullptr, false);
  if (!json.is_object() || !json.contains("nftables")) return found;
  for (const auto& entry : json["nftables"]) {
    if (!entry.is_object() || !entry.contains("counter")) continue;
    const auto& counter = entry["counter"];
    if (!counter.is_object()) continue;
    found[counter.value("name", "")] = counter.value("packets", std::uint64_t{0});
  }
  return found;
}

}  // namespace

PacketTable::PacketTable(std::shared_ptr<PacketFilter> filter)
    : filter_(std::move(filter)), name_("brownout_syns_" + std::to_string(getpid())) {}

PacketTable::~PacketTable() {
  if (in_force()) (void)filter_->run(packet_removal(name_));
}

rules::Result<void> PacketTable::put(std::vector<PacketPort> ports, rules::Instant now) {
  std::erase_if(ports, [](const PacketPort& port) { return port.rules.empty(); });
  auto script = ports.empty() ? std::string() : packet_ruleset(ports, name_);
  if (script == script_) {
    ports_ = std::move(ports);
    return {};
  }
  count();
  const auto done = filter_->run(ports.empty() ? packet_removal(name_) : script);
  // After an error, the kernel keeps the previous table (nft -f is one transaction). Removes it,
  // since its rules are outdated.
  if (!done && in_force()) (void)filter_->run(packet_removal(name_));
  script_ = done ? std::move(script) : "";
  ports_ = done ? std::move(ports) : std::vector<PacketPort>();
  seen_.clear();
  refreshed_ = now;
  if (!done) return tl::unexpected(done.error());
  return {};
}

rules::Result<void> PacketTable::refresh(rules::Instant now) {
  if (!in_force() || now < rules::later(refreshed_, kRefreshEvery)) return {};
  refreshed_ = now;
  const auto done = filter_->run(packet_refresh(name_));
  if (!done) return tl::unexpected(done.error());
  return {};
}

void PacketTable::count() {
  if (!in_force()) return;
  const auto answer = filter_->run("list counters table inet " + name_ + "\n");
  if (!answer) return;
  const auto counters = counters_in(*answer);
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    for (std::size_t j = 0; j < ports_[i].rules.size(); ++j) {
      const auto name = packet_counter(i, j);
      const auto found = counters.find(name);
      if (found == counters.end()) continue;
      const auto before = std::exchange(seen_[name], found->second);
      if (found->second <= before) continue;
      counts_.push_back({ports_[i].listener, ports_[i].rules[j].rule, found->second - before});
    }
  }
}

std::vector<PacketTable::Count> PacketTable::take_counts() {
  count();
  return std::exchange(counts_, {});
}

}  // namespace brownout::proxy
