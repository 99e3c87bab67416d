// Converts events to requests of the OpenTelemetry protocol. No I/O; safe on any thread.
//
// Each event becomes a span, whose duration is the injected delay. The events of one flow share a
// trace. If an event has a `traceparent` (W3C Trace Context) or a `b3` (B3 single header), the span
// joins that trace, below the span of the client's request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/observe/otlp_value.h"

namespace brownout::proxy {

// Returns a request with a span for each event. `lines` has events as in the event log, one JSON
// object a line. Leaves out lines that are not events with a time. Returns "" if no span remains.
std::string otlp_traces(std::string_view lines, const OtlpSource& source);

// Parses an RFC 3339 time in UTC with up to nine digits of a second's fraction, as wall_time()
// writes it. Returns 0 for other text.
std::int64_t unix_nanoseconds(std::string_view time);

}  // namespace brownout::proxy
