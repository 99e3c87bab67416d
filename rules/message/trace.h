// Finds the trace (of distributed tracing) to which a request or message belongs, in the headers
// that tracing libraries set. The event log shows the trace. Pure functions; any thread. Known
// headers:
//
//   traceparent   W3C Trace Context
//   b3            Zipkin's B3, in one header or in X-B3-TraceId, X-B3-SpanId and X-B3-Sampled
#pragma once

#include <optional>
#include <string_view>

#include "rules/message/message.h"

namespace brownout::rules {

// A function that returns the value of a header or user property; no value if it is absent.
using FindHeader = std::function<std::optional<std::string_view>(std::string_view name)>;

// Calls tell(name, value) for `traceparent` and for `b3`, if the headers contain them. Leaves out
// values that are too long for a trace.
void tell_trace(const FindHeader& find, const Tell& tell);

}  // namespace brownout::rules
