#include "proxy/cli/run_outputs.h"

#include <spdlog/spdlog.h>

#include <string_view>

namespace brownout::cli {
namespace {

using proxy::EventLog;

void say_lost(EventLog* log, std::string_view what, std::string_view path) {
  if (log == nullptr) return;
  log->finish();
  if (log->lost() == 0) return;
  spdlog::error("{} not written to {}: writing failed or was too slow",
                rules::count_of(log->lost(), what), path);
}

}  // namespace

rules::Result<void> RunOutputs::open(const RunOptions& options) {
  events_path_ = options.events;
  flows_path_ = options.flows;
  if (!options.flows.empty()) {
    auto log = EventLog::open(options.flows, EventLog::Of::kFlows);
    if (!log) return tl::unexpected(log.error());
    flows_ = std::move(*log);
  }
  if (!options.events.empty()) {
    auto log = EventLog::open(options.events);
    if (!log) return tl::unexpected(log.error());
    events_ = std::move(*log);
    sinks_.add(*events_);
  }
  if (!options.otlp.empty()) {
    auto exporter = proxy::OtlpExporter::start(options.otlp, BROWNOUT_VERSION);
    if (!exporter) return tl::unexpected(exporter.error());
    exporter_ = std::move(*exporter);
    sinks_.add(*exporter_);
  }
  return {};
}

void RunOutputs::follow(proxy::Loop& control, const proxy::Engine& engine) {
  if (exporter_) metrics_.emplace(control, engine, *exporter_);
}

void RunOutputs::reopen() {
  for (const auto& log : {events_.get(), flows_.get()}) {
    if (log != nullptr) log->reopen();
  }
}

void RunOutputs::unfollow() {
  if (metrics_) metrics_->send();
  metrics_.reset();
}

void RunOutputs::finish() {
  exporter_.reset();
  say_lost(events_.get(), "event", events_path_);
  say_lost(flows_.get(), "flow", flows_path_);
}

}  // namespace brownout::cli
