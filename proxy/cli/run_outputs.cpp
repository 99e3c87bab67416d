#include "proxy/cli/run_outputs.h"

namespace brownout::cli {

using proxy::EventLog;

rules::Result<void> RunOutputs::open(const RunOptions& options) {
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
  if (events_) events_->finish();
  if (flows_) flows_->finish();
}

}  // namespace brownout::cli
