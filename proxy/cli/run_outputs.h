// RunOutputs: the places to which `brownout run` writes what happens: the log of events, the log of
// flows, and an OpenTelemetry collector. Control loop's thread only.
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
  // The receivers for the engine; null if the options name none.
  proxy::EventSink* events() { return sinks_.empty() ? nullptr : &sinks_; }
  proxy::EventSink* flows() { return flows_.get(); }
  // Begins to send the engine's metrics. Both are borrowed: the engine until unfollow(), the
  // loop until the destructor.
  void follow(proxy::Loop& control, const proxy::Engine& engine);
  // Sends the last metrics. Call before the engine stops: then it has no listeners any more.
  void unfollow();
  // Reopens the files by their names, after a rotation.
  void reopen();
  // Writes what waits, and reports what was lost.
  void finish();

 private:
  std::unique_ptr<proxy::EventLog> events_;
  std::unique_ptr<proxy::EventLog> flows_;
  std::unique_ptr<proxy::OtlpExporter> exporter_;
  proxy::EventSinks sinks_;
  std::optional<proxy::MetricsFeed> metrics_;
};

}  // namespace brownout::cli
