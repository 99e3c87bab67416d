// OtlpMetrics converts measurements to requests of the OpenTelemetry protocol.
//
// Counters and histograms are cumulative since the start of their series. A series starts when it
// first appears, or when its value falls: its rule or listener was removed and added again. The
// exact instant is not known, so the start is the time of the measurement before. If a series ends
// and starts again between two measurements, and its value is not smaller by then, the restart is
// not noticed. No I/O; one thread at a time.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "proxy/observe/otlp_value.h"

namespace brownout::proxy {

class OtlpMetrics {
 public:
  // Times are Unix times in nanoseconds. `began` is that of the process, before the first
  // measurement.
  OtlpMetrics(OtlpSource source, std::int64_t began)
      : source_(std::move(source)), previous_(began) {}

  // Returns a request with the metrics that were measured at `time`.
  std::string request(std::span<const prometheus::MetricFamily> families, std::int64_t time);

 private:
  struct Series {
    std::int64_t start = 0;
    double value = 0;
    std::uint64_t seen = 0;  // number of the last measurement with this series
  };
  OtlpObject metric(const prometheus::MetricFamily& family, std::int64_t time);
  std::int64_t start_of(const prometheus::MetricFamily& family,
                        const prometheus::ClientMetric& metric);

  const OtlpSource source_;
  std::map<std::string, Series> series_;  // by name and labels
  std::int64_t previous_;                 // time of the measurement before
  std::uint64_t measurements_ = 0;
};

}  // namespace brownout::proxy
