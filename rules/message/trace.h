// The trace to which a request or message belongs, as tracing libraries say it in headers.
//
//   traceparent   W3C Trace Context
//   b3            Zipkin's B3, in one header or in X-B3-TraceId, X-B3-SpanId and X-B3-Sampled
#pragma once

#include <optional>
#include <string_view>

#include "rules/message/message.h"

namespace brownout::rules {

// Returns the value of a header or of a user property.
using FindHeader = std::function<std::optional<std::string_view>(std::string_view name)>;

// Tells `traceparent` and `b3`, if there are any. Longer values than a trace can have are left out.
void tell_trace(const FindHeader& find, const Tell& tell);

}  // namespace brownout::rules
