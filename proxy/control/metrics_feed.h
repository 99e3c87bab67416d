// MetricsFeed passes the engine's metrics to an OpenTelemetry (OTLP) exporter every ten seconds
// (kInterval). Control loop's thread only.
#pragma once

#include "proxy/control/metrics.h"
#include "proxy/loop/loop.h"
#include "proxy/observe/otlp_exporter.h"

namespace brownout::proxy {

class MetricsFeed final : private Deadline {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);

  // The engine and the exporter are borrowed.
  MetricsFeed(Loop& control, const Engine& engine, OtlpExporter& exporter)
      : control_(control),
        metrics_(engine, nullptr, {.toxiproxy = false, .spans_lost = exporter.lost()}),
        exporter_(exporter) {
    on_due(Loop::now());
  }
  // Does not use the engine, which may already be destroyed.
  ~MetricsFeed() override { control_.deadlines().cancel(*this); }

  void send() { exporter_.submit(metrics_.families()); }

 private:
  void on_due(Instant now) noexcept override {
    send();
    control_.deadlines().set(*this, rules::later(now, kInterval));
  }

  Loop& control_;
  Metrics metrics_;
  OtlpExporter& exporter_;
};

}  // namespace brownout::proxy
