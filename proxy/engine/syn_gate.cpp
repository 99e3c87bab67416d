#include "proxy/engine/syn_gate.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

// How often lost SYNs are counted for the rules.
constexpr Duration kCountEvery = std::chrono::seconds(1);
// Each address takes about eleven instructions of the filter, which has at most 4096.
constexpr std::size_t kMostNamedAddresses = 256;

bool same(const SynProgram& a, const SynProgram& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(sock_filter)) == 0);
}

}  // namespace

std::shared_ptr<void> SynGate::add(const std::string& listener, const PortSockets& sockets) {
  const std::lock_guard lock(mutex_);
  auto& port = ports_[listener];
  const int stream = sockets.stream ? sockets.stream.get() : -1;
  const int datagram = sockets.datagram ? sockets.datagram.get() : -1;
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
  std::set<std::string_view> present;
  for (const auto& listening : listeners) {
    present.insert(listening.facts.name);
    auto& port = ports_[listening.facts.name];
    port.facts = listening.facts;
    port.stats = listening.stats;
    silence(port, listening.silent);
    update(port, now);
    next = std::min(next, port.plan.next);
    if (!port.program.empty()) next = std::min(next, rules::later(now, kCountEvery));
  }
  for (auto port = ports_.begin(); port != ports_.end();) {
    if (present.contains(port->first)) {
      ++port;
      continue;
    }
    port->second.plan = {};
    attach(port->second, {});
    silence(port->second, false);
    const bool unused = port->second.sockets.empty() && port->second.datagrams.empty();
    port = unused ? ports_.erase(port) : std::next(port);
  }
  return lost;
}

void SynGate::names_changed() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, port] : ports_) {
    if (port.plan.uses_names) update(port, Loop::now());
  }
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
  auto program = compile_syn_filter(port.plan.rules);
  if (!program) return refuse(port, EMSGSIZE);
  if (!same(*program, port.program)) return attach(port, std::move(*program));
  if (port.stats) port.stats->syn_sight = port.facts.sight;
}

// Gives the program to all sockets. If the kernel refuses it for any, none has it: connections are
// then accepted, and the rules act on them.
void SynGate::attach(Port& port, SynProgram program) {
  // Other reasons to discard SYNs, before the first filter, are not the rules'.
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
      "listener {}: the kernel refuses a filter of SYNs ({}): connects succeed where a rule should "
      "let them hang, and the connections are silent",
      rules::printable(port.facts.name), std::strerror(error));
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
    // The kernel's count wraps around.
    const auto more = *discarded - std::exchange(socket.discarded, *discarded);
    if (!port.program.empty()) port.uncounted += more;
  }
}

// The kernel counts for each socket, not for each rule: the first rule that may have lost the SYNs
// gets them all.
std::vector<SynGate::Loss> SynGate::losses() {
  std::vector<Loss> all;
  for (auto& [name, port] : ports_) {
    if (!port.program.empty()) count(port);
    const auto lost = std::exchange(port.uncounted, 0);
    if (lost == 0 || port.plan.rules.empty()) continue;
    port.total += lost;
    all.push_back({name, port.plan.rules.front().rule, lost, port.total});
  }
  return all;
}

}  // namespace brownout::proxy
