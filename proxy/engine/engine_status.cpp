// Status of the engine: listeners, flows and totals.
#include <future>
#include <iterator>
#include <utility>

#include "proxy/engine/engine.h"

namespace brownout::proxy {

std::vector<Engine::ListenerStatus> Engine::listeners() const {
  std::vector<ListenerStatus> list;
  for (const auto& [name, port] : ports_) {
    list.push_back({name, port.bound, port.open && !port.drops, *snapshot_->listeners.find(name)});
  }
  return list;
}

std::vector<Engine::ServerStatus> Engine::servers(const std::string& upstream) const {
  std::vector<ServerStatus> list;
  const auto* found = snapshot_->upstreams.find(upstream);
  if (found == nullptr) return list;
  const auto& view = **found;
  for (std::size_t i = 0; i < view.config.servers.size(); ++i) {
    list.push_back({view.config.servers[i], view.states->at(i)});
  }
  return list;
}

Endpoint Engine::bound(const std::string& listener) const {
  const auto port = ports_.find(listener);
  return port == ports_.end() ? Endpoint{} : port->second.bound;
}

FlowList Engine::list(FlowQuery query) const {
  std::vector<std::future<FlowList>> parts;
  for (const auto& worker : workers_) parts.push_back(worker->list(query));
  FlowList all{.query = std::move(query)};
  for (auto& part : parts) all.add(part.get());
  return all;
}

WhyList Engine::why(const WhyQuery& query) const {
  std::vector<std::future<WhyList>> parts;
  for (const auto& worker : workers_) parts.push_back(worker->why(query));
  WhyList all;
  why_.look(query, why_.newest(), WhyRing::kMost, all);
  for (auto& part : parts) {
    auto list = part.get();
    all.total += list.total;
    all.entries.insert(all.entries.end(), std::make_move_iterator(list.entries.begin()),
                       std::make_move_iterator(list.entries.end()));
  }
  all.finish(query.most);
  return all;
}

std::int64_t Engine::open_flows() const {
  std::int64_t total = 0;
  for (const auto& worker : workers_) total += worker->open_flows();
  return total;
}

std::vector<std::int64_t> Engine::open_flows_by_worker() const {
  std::vector<std::int64_t> loads;
  for (const auto& worker : workers_) loads.push_back(worker->open_flows());
  return loads;
}

std::size_t Engine::held_bytes() const {
  std::size_t total = 0;
  for (const auto& worker : workers_) total += worker->held();
  return total;
}

std::uint64_t Engine::injected() const {
  auto total = history_.injected();
  for (const auto& rule : rules_->rules()) total += rule->state->injected.load();
  return total;
}

std::map<std::string, rules::FaultCounts> Engine::injected_by_rule() const {
  const auto& former = history_.injected_by_name();
  std::map<std::string, rules::FaultCounts> totals(former.begin(), former.end());
  for (const auto& rule : rules_->rules()) totals[rule->name].add(*rule->state);
  return totals;
}

std::uint64_t Engine::turns() const {
  auto total = past_turns_;
  snapshot_->listeners.for_each(
      [&](const auto&, const auto& view) { total += view->stats->turns.load(); });
  return total;
}

std::vector<std::string> Engine::never_matched() const {
  std::vector<std::string> names;
  for (const auto& rule : rules_->rules()) {
    const bool matched = rule->state->matched.load() > 0 || history_.matched(rule->name);
    if (!matched && !rule->may_miss) names.push_back(rule->name);
  }
  return names;
}

std::uint64_t Engine::bytes(rules::Direction direction) const {
  std::uint64_t total = 0;
  for (const auto& worker : workers_) total += worker->bytes(direction);
  return total;
}

}  // namespace brownout::proxy
