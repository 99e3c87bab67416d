// The part of Worker that counts and reports what flows do.
#include <spdlog/spdlog.h>

#include "proxy/engine/worker.h"
#include "proxy/flow/refused_certificates.h"
#include "proxy/loop/limited_log.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {

void Worker::record(const rules::FlowFacts& flow, const rules::Rule& rule,
                    rules::Direction direction, const rules::Note& note) {
  const bool directed = rule.kind->level == rules::Level::kBytes || rule.kind->directed;
  const auto towards = directed ? to_text(direction) : std::string_view{};
  why_.add(flow, rule, towards, note);
  events_.add(flow, rule, towards, note);
  stream_.add(flow, rule, towards, note);
  if (note.delay > Duration::zero()) rule.state->delays.add(note.delay);
}

void Worker::flow_opened(const rules::FlowFacts& flow) {
  flow_log_.add(flow);
  stream_.add(flow, "opened");
  if (observer_ != nullptr) observer_->flow_opened(flow);
}

void Worker::served(const rules::FlowFacts& flow, const Served& what) {
  if (observer_ != nullptr) observer_->served(flow, what);
  const auto* listener = measure_ ? snapshot_->listeners.find(flow.listener) : nullptr;
  if (listener == nullptr) return;
  auto& stats = *(*listener)->stats;
  if (!what.ok) stats.failed.fetch_add(1, std::memory_order_relaxed);
  if (what.took) stats.answered.add(*what.took);
}

void Worker::turned(const rules::FlowFacts& flow, const Turned& what) {
  if (observer_ != nullptr) observer_->turned(flow, what);
  if (what.turns == 0 || !measure_) return;
  const auto* listener = snapshot_->listeners.find(flow.listener);
  if (listener == nullptr) return;
  (*listener)->stats->turns.fetch_add(what.turns, std::memory_order_relaxed);
}

void Worker::report(const rules::FlowFacts& flow, std::string_view event, std::string_view why,
                    bool warns) {
  log_limited(warns ? spdlog::level::warn : spdlog::level::info,
              fmt::format("{}: {}", flow.listener, event), "{}#{}: {}: {}", flow.listener,
              flow.ordinal, event, why);
  why_.add(flow, event, why);
  events_.add(flow, event, why);
  stream_.add(flow, event, why);
}

// Reports the connections that may mean a rejected certificate. No later connection can resolve the
// doubt, since the proxy ends.
void Worker::report_doubts() {
  snapshot_->listeners.for_each([&](const auto&, const auto& view) {
    if (!view->refused) return;
    for (const auto& doubt : view->refused->take_doubts())
      report(doubt.flow, RefusedCertificates::kEvent, doubt.why, true);
  });
}

void Worker::count_bytes(ListenerStats& listener, rules::Direction direction, std::size_t bytes) {
  const auto which = static_cast<std::size_t>(direction);
  // A plain load and store suffice, since only this thread writes these counters.
  for (auto* counter : {&bytes_[which], &listener.traffic[index_].bytes[which]}) {
    counter->store(counter->load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }
}

void Worker::buffer_full(const rules::Listener& listener) {
  if (warned_buffer_) return;
  warned_buffer_ = true;
  spdlog::warn(
      "listener {}: faults hold {} of one connection, the limit `buffer`; reading pauses, which "
      "limits throughput (raise `buffer` to avoid it)",
      rules::printable(listener.name), to_text(listener.buffer));
}

}  // namespace brownout::proxy
