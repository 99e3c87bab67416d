// Converts events and metrics to requests of the OpenTelemetry protocol (OTLP/HTTP 1.x, JSON
// Protobuf encoding). No I/O; safe on any thread.
//
// Each event becomes a span, whose duration is the injected delay. The events of one flow share a
// trace. If an event has a `traceparent` (W3C Trace Context) or a `b3` (B3 single header), the span
// joins that trace, below the span of the client's request.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace brownout::proxy {

struct OtlpSource {
  std::string service = "brownout";  // the resource's service.name
  std::string version;               // the resource's service.version
  std::uint64_t run = 0;  // a random number, so that the trace ids of different runs differ
};

// Returns a request with a span for each event. `lines` has events as in the event log, one JSON
// object a line. Leaves out lines that are not events with a time. Returns "" if no span remains.
std::string otlp_traces(std::string_view lines, const OtlpSource& source);

// Returns a request with all metrics. Counters and histograms are cumulative since `begin`. Times
// are Unix times in nanoseconds.
std::string otlp_metrics(std::span<const prometheus::MetricFamily> families, std::int64_t begin,
                         std::int64_t now, const OtlpSource& source);

// Parses an RFC 3339 time in UTC with up to nine digits of a second's fraction, as wall_time()
// writes it. Returns 0 for other text.
std::int64_t unix_nanoseconds(std::string_view time);

}  // namespace brownout::proxy
