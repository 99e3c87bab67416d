// RunOutputs: the log of events, the log of flows and the OpenTelemetry collector to which
// `brownout run` writes. Control loop's thread only.
#pragma once

#include <memory>
#include <optional>

#include "proxy/cli/commands.h"
#include "proxy/control/metrics_feed.h"
#include "proxy/observe/event_log.h"
#include "proxy/observe/otlp_exporter.h"

namespace brownout::cli {

class RunOutputs {
 public:
  // Opens the outputs that the options name.
  rules::Result<void> open(const RunOptions& options);
  // The sinks for events and flows, to pass to the engine; null if the options name no such output.
  proxy::EventSink* events() { return sinks_.empty() ? nullptr : &sinks_; }
  proxy::EventSink* flows() { return flows_.get(); }
  // The counter of trace spans that could not be delivered; null without an OpenTelemetry
  // collector.
  std::shared_ptr<const proxy::OtlpExporter::Counter> spans_lost() const {
    return exporter_ ? exporter_->lost() : nullptr;
  }
  // Begins to send the engine's metrics at intervals. Borrows the engine until unfollow(), and the
  // loop until the destructor.
  void follow(proxy::Loop& control, const proxy::Engine& engine);
  // Sends the metrics a last time. Call before the engine stops, since a stopped engine has no
  // listeners and so no metrics of listeners.
  void unfollow();
  // Opens the files again by their names. Call after a log rotation.
  void reopen();
  // Writes everything that is still waiting, and reports how much was lost.
  void finish();

 private:
  std::unique_ptr<proxy::EventLog> events_;
  std::unique_ptr<proxy::EventLog> flows_;
  std::unique_ptr<proxy::OtlpExporter> exporter_;
  proxy::EventSinks sinks_;
  std::optional<proxy::MetricsFeed> metrics_;
};

}  // namespace brownout::cli
