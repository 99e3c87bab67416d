// The part of the engine that opens, closes and filters ports as rules require.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "proxy/engine/engine.h"
#include "proxy/formats/flow_record.h"
#include "proxy/loop/clock.h"
#include "proxy/observe/wall_time.h"
#include "rules/base/describe.h"
#include "rules/base/terminal_text.h"
#include "rules/engine/firewall_fault.h"
#include "rules/language/syn_listener.h"

namespace brownout::proxy {
namespace {

constexpr Duration kBindRetry = std::chrono::seconds(1);

// Returns how nftables recognizes the packets of the listener's clients.
PacketArrival arrival_at(const rules::Listener& listener, bool own_network) {
  if (listener.intercept == rules::Intercept::kNone) return PacketArrival::kDirect;
  return own_network ? PacketArrival::kMarked : PacketArrival::kRedirected;
}

}  // namespace

void Engine::open_port(const std::string& name, std::vector<PortSockets> sockets) {
  auto& port = ports_[name];
  port.hangs = false;
  port.open = true;
  // Owns the file of a unix socket, unless the socket is inherited: then the process that created
  // the file removes it.
  const bool named = port.bound.is_unix() && !inherited_.contains(name);
  port.file = named ? UnixSocketFile(port.bound.path) : UnixSocketFile();
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    auto lease = syn_gate_->add(name, sockets[i]);
    workers_[i]->open(name, std::move(sockets[i]), std::move(lease));
  }
}

void Engine::close_port(const std::string& name) {
  const auto port = ports_.find(name);
  if (port == ports_.end() || !port->second.open) return;
  port->second.open = false;
  for (const auto& worker : workers_) worker->close(name);
  // The workers have copies (dup(2)) of inherited sockets, so the inherited ones must stop
  // listening too.
  if (const auto ours = inherited_.find(name); ours != inherited_.end())
    stop_listening(ours->second);
}

// Opens and closes ports as rules with the fault `down` require, filters their SYNs, and sets the
// time of the next change.
void Engine::follow_port_rules() {
  if (!accepting_) return;
  const auto now = Loop::now();
  Instant next = kNever;
  for (auto& [name, port] : ports_) {
    const bool silent = snapshot_->rules->dropped(name, now);
    const bool drops = silent && filters(name);
    const bool down = snapshot_->rules->down(name, now) || (silent && !drops);
    const bool begins = (down && port.open) || (drops && !port.drops);
    port.drops = drops;
    if (down && port.open) close_port(name);
    if (begins) report_down(name, now);
    if (!down && !port.open) {
      const auto& listener = (*snapshot_->listeners.find(name))->config;
      auto bound = sockets_of(listener, port.bound, sharing_of(listener, port.bound, staying({})));
      if (bound) {
        spdlog::info("listener {}: the port is open again on {}", rules::printable(name),
                     to_text(port.bound));
        open_port(name, std::move(*bound));
      } else {
        spdlog::error(
            "listener {}: the port could not be opened again: {}; Brownout tries again every "
            "second",
            rules::printable(name), describe(bound.error()));
        next = std::min(next, rules::later(now, kBindRetry));
      }
    }
    next = std::min(next, snapshot_->rules->next_down_change(name, now));
  }
  control_.deadlines().set(*this, std::min(next, follow_syn_rules(now)));
}

// Whether the rules need nftables, because filters on sockets do not suffice. Only then is nftables
// tried.
bool Engine::wants_packets() const {
  bool wanted = false;
  snapshot_->listeners.for_each([&](const auto&, const auto& view) {
    wanted = wanted || may_need_packets(*snapshot_->rules, view->config,
                                        options_.interception->own_network());
  });
  return wanted;
}

rules::SynWays Engine::syn_ways() const {
  return {.filters = can_filter(),
          .own_network = options_.interception->own_network(),
          .packets = packets_};
}

rules::SynListener Engine::syn_facts(const ListenerView& view) const {
  const auto* upstream = snapshot_->upstreams.find(view.config.upstream);
  return syn_listener(view.config, upstream != nullptr ? &(*upstream)->config : nullptr,
                      syn_ways());
}

// Applies the rules to the SYNs of all listeners, and counts dropped SYNs. Returns the time of the
// next call.
Instant Engine::follow_syn_rules(Instant now) {
  const auto& rules = snapshot_->rules;
  // The kernel retransmits a dropped SYN in real time. In virtual time that would be years later.
  if (VirtualTime::current() != nullptr) return kNever;
  Instant next = can_filter() ? kNever : fill_queues(now);
  if (!options_.filter_syns) return next;
  if (!rules->any_loses_syns() && syn_gate_->idle()) return next;
  packets_ = can_filter() && wants_packets() && syn_gate_->packets_work();
  std::vector<SynGate::Listening> listeners;
  snapshot_->listeners.for_each([&](const auto& name, const auto& view) {
    if (!can_filter(view->config)) return;
    listeners.push_back({syn_facts(*view), view->stats, rules->dropped(name, now),
                         arrival_at(view->config, options_.interception->own_network())});
  });
  for (const auto& loss : syn_gate_->follow(rules, listeners, now, next)) report_lost_syns(loss);
  return next;
}

// Where SYNs cannot be filtered: makes connects hang by full accept queues, at listeners where
// rules drop all SYNs. Skips inherited sockets, to which this process may be unable to connect.
Instant Engine::fill_queues(Instant now) {
  Instant next = kNever;
  for (auto& [name, port] : ports_) {
    if (!port.open || inherited_.contains(name)) continue;
    const auto facts = syn_facts(**snapshot_->listeners.find(name));
    const auto plan = plan_syns(*snapshot_->rules, facts, now,
                                [](const auto&) { return std::vector<rules::Prefix>{}; });
    next = std::min(next, plan.next);
    const bool hangs = rules::loses_all(plan.rules);
    if (std::exchange(port.hangs, hangs) == hangs) continue;
    const auto ports = hangs ? std::make_shared<FillerPorts>() : nullptr;
    for (const auto& worker : workers_) worker->hang(name, ports);
  }
  return next;
}

// The kernel does not report which line of a firewall dropped a SYN. So the count is also added to
// all injected misconfigurations of this firewall.
void Engine::report_lost_syns(const SynGate::Loss& loss) {
  std::vector<rules::RuleRef> rules{loss.rule};
  if (loss.rule->kind == &rules::kFirewallKind) {
    const auto& list = static_cast<const rules::FirewallFault&>(*loss.rule->fault).timeline();
    const auto& mistakes = list.at(Loop::now()).mistakes;
    rules.insert(rules.end(), mistakes.begin(), mistakes.end());
  }
  const rules::FlowFacts none{
      .listener = loss.listener, .ordinal = 0, .client = {}, .destination = {}, .opened = {}};
  const bool answered = loss.rule->fault->answers_syns().has_value();
  const rules::Note note{.action = answered ? "answer with ICMP" : "drop SYN",
                         .ordinal = loss.total};
  if (options_.flows != nullptr && options_.flows->wanted()) {
    options_.flows->submit(codecs::write_lost_syns({.listener = loss.listener,
                                                    .rule = loss.rule->name,
                                                    .count = loss.count,
                                                    .answered = answered},
                                                   wall_time()));
  }
  for (const auto& rule : rules) {
    for (auto* counter : {&rule->state->matched, &rule->state->sampled, &rule->state->injected}) {
      counter->fetch_add(loss.count, std::memory_order_relaxed);
    }
    why_.add(none, *rule, "", note);
    events_.add(none, *rule, "", note);
  }
}

// In the network namespace of `exec`, this process may always filter sockets.
bool Engine::can_filter() const {
  return options_.filter_syns && (options_.interception->own_network() || syn_gate_->works());
}

// Filters on UDP sockets need no privilege on any kernel.
bool Engine::can_filter(const rules::Listener& listener) const {
  return can_filter() || (options_.filter_syns && !takes_connections(listener));
}

// Whether the kernel can discard what arrives at the listener's sockets.
bool Engine::filters(const std::string& name) const {
  const auto& listener = (*snapshot_->listeners.find(name))->config;
  return VirtualTime::current() == nullptr && can_filter(listener) && !listener.listen.is_unix();
}

void Engine::report_down(const std::string& name, Instant now) {
  spdlog::info("listener {}: a rule with the fault down has closed the port",
               rules::printable(name));
  if (snapshot_->rules->down_cuts_live(name, now)) {
    for (const auto& worker : workers_) worker->cut(name);
  }
  const rules::FlowFacts none{
      .listener = name, .ordinal = 0, .client = {}, .destination = {}, .opened = {}};
  snapshot_->rules->for_each_down(name, [&](const rules::Rule& rule) {
    if (!rule.schedule.window(rule.began, now).contains(now)) return;
    rule.state->matched.fetch_add(1, std::memory_order_relaxed);
    rule.state->sampled.fetch_add(1, std::memory_order_relaxed);
    rule.state->injected.fetch_add(1, std::memory_order_relaxed);
    why_.add(none, rule, "", {.action = "down"});
    events_.add(none, rule, "", {.action = "down"});
  });
}

void Engine::on_due(Instant) noexcept { follow_port_rules(); }

}  // namespace brownout::proxy
