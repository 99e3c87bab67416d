#include "proxy/engine/syn_gate.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "rules/base/describe.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {

using rules::SynSight;

namespace {

// Interval at which dropped SYNs are counted for the rules.
constexpr Duration kCountEvery = std::chrono::seconds(1);
// Each address takes about eleven instructions of the filter, which has at most 4096.
constexpr std::size_t kMostNamedAddresses = 256;

bool same(const SynProgram& a, const SynProgram& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(sock_filter)) == 0);
}

// Returns how nftables recognizes a listener's packets, from the addresses of its sockets; nothing
// for a unix socket.
std::optional<PacketPort> packet_port_of(const std::string& listener, const PortSockets& sockets) {
  const auto address = own_address(sockets.any());
  const auto ip = address.ip();
  if (!ip) return std::nullopt;
  PacketPort packets{.listener = listener,
                     .port = address.port(),
                     .streams = static_cast<bool>(sockets.stream),
                     .datagrams = static_cast<bool>(sockets.datagram)};
  const bool any = *ip == rules::IpAddress{} || *ip == rules::IpAddress::v4({0, 0, 0, 0});
  if (!any) packets.address = *ip;
  return packets;
}

}  // namespace

std::shared_ptr<void> SynGate::add(const std::string& listener, const PortSockets& sockets) {
  const std::lock_guard lock(mutex_);
  auto& port = ports_[listener];
  const int stream = sockets.stream ? sockets.stream.get() : -1;
  const int datagram = sockets.datagram ? sockets.datagram.get() : -1;
  port.packets = packet_port_of(listener, sockets);
  if (stream >= 0) {
    port.sockets.push_back({stream, discarded_by(stream).value_or(0)});
    attach(port, port.program);
  }
  if (datagram >= 0) {
    port.datagrams.push_back(datagram);
    if (port.silent) attach_filter(datagram, discard_all());
  }
  return {this, [listener, stream, datagram](SynGate* gate) {
            gate->remove(listener, stream, datagram);
          }};
}

void SynGate::remove(const std::string& listener, int stream, int datagram) {
  const std::lock_guard lock(mutex_);
  const auto found = ports_.find(listener);
  if (found == ports_.end()) return;
  auto& port = found->second;
  if (!port.program.empty()) count(port);
  std::erase_if(port.sockets, [&](const Socket& other) { return other.number == stream; });
  std::erase(port.datagrams, datagram);
  const bool unused = port.sockets.empty() && port.datagrams.empty() && port.plan.rules.empty();
  if (unused) ports_.erase(found);
}

bool SynGate::idle() const {
  const std::lock_guard lock(mutex_);
  return !rules_ || !rules_->any_loses_syns();
}

std::vector<SynGate::Loss> SynGate::follow(std::shared_ptr<const rules::RuleSet> rules,
                                           const std::vector<Listening>& listeners, Instant now,
                                           Instant& next) {
  const std::lock_guard lock(mutex_);
  auto lost = losses();
  rules_ = std::move(rules);
  if (const auto refreshed = packets_.refresh(now); !refreshed) refuse_packets(refreshed.error());
  std::set<std::string_view> present;
  for (const auto& listening : listeners) {
    present.insert(listening.facts.name);
    auto& port = ports_[listening.facts.name];
    port.facts = listening.facts;
    port.stats = listening.stats;
    if (port.packets) port.packets->arrival = listening.arrival;
    silence(port, listening.silent);
    update(port, now);
    next = std::min(next, port.plan.next);
    const bool acts = !port.program.empty() || (port.packets && !port.packets->rules.empty());
    if (acts) next = std::min(next, rules::later(now, kCountEvery));
  }
  for (auto port = ports_.begin(); port != ports_.end();) {
    if (present.contains(port->first)) {
      ++port;
      continue;
    }
    port->second.plan = {};
    port->second.packets.reset();
    attach(port->second, {});
    silence(port->second, false);
    const bool unused = port->second.sockets.empty() && port->second.datagrams.empty();
    port = unused ? ports_.erase(port) : std::next(port);
  }
  put_packets(now);
  return lost;
}

void SynGate::names_changed() {
  const std::lock_guard lock(mutex_);
  const auto now = Loop::now();
  bool any = false;
  for (auto& [name, port] : ports_) {
    if (!port.plan.uses_names) continue;
    update(port, now);
    any = true;
  }
  if (any) put_packets(now);
}

void SynGate::update(Port& port, Instant now) {
  const auto addresses = [&](const std::vector<rules::NamePattern>& patterns) {
    std::vector<rules::Prefix> found;
    for (const auto& ip : names_.addresses_of(patterns, kMostNamedAddresses)) {
      found.push_back({ip, 128});
    }
    return found;
  };
  port.plan = plan_syns(*rules_, port.facts, now, addresses);
  const bool answers = std::any_of(port.plan.rules.begin(), port.plan.rules.end(),
                                   [](const auto& rule) { return rule.answer.has_value(); });
  // If any rule needs nftables, it gets all rules of the port, so that they apply in their order.
  const bool by_packets = port.packets && (answers || port.facts.by_packets);
  if (port.packets)
    port.packets->rules = by_packets ? port.plan.rules : std::vector<rules::SynRule>();
  auto program = by_packets ? std::optional(SynProgram()) : compile_syn_filter(port.plan.rules);
  if (!program) return refuse(port, EMSGSIZE);
  if (!same(*program, port.program)) return attach(port, std::move(*program));
  if (port.stats) port.stats->syn_sight = port.facts.sight;
}

// Attaches the program to all sockets. If the kernel refuses it for any socket, detaches it from
// all: connections are then accepted, and the rules act on them.
void SynGate::attach(Port& port, SynProgram program) {
  // SYNs that the kernel discarded before the first filter must not count for the rules.
  if (port.program.empty() && !program.empty()) count(port);
  port.program = std::move(program);
  if (port.stats && !port.program.empty()) port.stats->syn_filtered = true;
  for (const auto& socket : port.sockets) {
    if (!attach_filter(socket.number, port.program)) return refuse(port, errno);
  }
  if (port.stats) port.stats->syn_sight = port.facts.sight;
}

void SynGate::refuse(Port& port, int error) {
  for (const auto& socket : port.sockets) detach_filter(socket.number);
  if (port.stats) port.stats->syn_sight = rules::SynSight::kNone;
  port.program.clear();
  if (std::exchange(port.complained, true)) return;
  spdlog::warn(
      "listener {}: the kernel rejected the filter for SYN packets ({}): a connect that a rule "
      "should let hang succeeds, and the connection then stays silent",
      rules::printable(port.facts.name), std::strerror(error));
}

// Passes the rules of all ports that need nftables to the packet table.
void SynGate::put_packets(Instant now) {
  std::vector<PacketPort> all;
  for (const auto& [name, port] : ports_) {
    if (port.packets && !port.packets->rules.empty()) all.push_back(*port.packets);
  }
  if (all.empty() && !packets_.in_force()) return;
  if (const auto done = packets_.put(std::move(all), now); !done) refuse_packets(done.error());
  for (auto& [name, port] : ports_) {
    if (port.stats) {
      port.stats->packet_sight =
          packets_work_.value_or(false) ? port.facts.packets : SynSight::kNone;
    }
  }
}

// Stops using nftables after an error: connections are then accepted, and the rules act on them.
void SynGate::refuse_packets(const Error& error) {
  packets_work_ = false;
  for (auto& [name, port] : ports_) {
    if (!port.stats) continue;
    port.stats->packet_sight = SynSight::kNone;
    if (port.facts.by_packets) port.stats->syn_sight = SynSight::kNone;
  }
  spdlog::warn(
      "the nftables rules that drop or reject connects failed and are no longer used: {}; such a "
      "connect now succeeds, and the connection then stays silent or is reset",
      rules::printable(describe(error)));
}

bool SynGate::packets_work() {
  const std::lock_guard lock(mutex_);
  if (!packets_work_) packets_work_ = can_change(*filter_);
  return *packets_work_;
}

void SynGate::silence(Port& port, bool silent) {
  if (std::exchange(port.silent, silent) == silent) return;
  for (const int socket : port.datagrams) {
    attach_filter(socket, silent ? discard_all() : SynProgram{});
  }
}

void SynGate::count(Port& port) {
  for (auto& socket : port.sockets) {
    const auto discarded = discarded_by(socket.number);
    if (!discarded) continue;
    // Unsigned subtraction, since the kernel's count wraps around.
    const auto more = *discarded - std::exchange(socket.discarded, *discarded);
    if (!port.program.empty()) port.uncounted += more;
  }
}

// The kernel counts per socket, not per rule. All counts go to the first rule that may have dropped
// the SYNs.
std::vector<SynGate::Loss> SynGate::losses() {
  std::vector<Loss> all;
  for (auto& [name, port] : ports_) {
    if (!port.program.empty()) count(port);
    const auto lost = std::exchange(port.uncounted, 0);
    if (lost == 0 || port.plan.rules.empty()) continue;
    port.total += lost;
    all.push_back({name, port.plan.rules.front().rule, lost, port.total});
  }
  if (!packets_.in_force()) return all;
  for (auto& [listener, rule, count] : packets_.take_counts()) {
    auto& port = ports_[listener];
    port.total += count;
    all.push_back({listener, rule, count, port.total});
  }
  return all;
}

}  // namespace brownout::proxy
