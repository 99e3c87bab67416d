// Says what the answer of an OpenTelemetry collector means ("OpenTelemetry Protocol Specification",
// OTLP/HTTP Response), and what its user can do. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/loop/post.h"

namespace brownout::proxy {

enum class OtlpSignal { kTraces, kMetrics };
// Returns the path that is added to the collector's base URL.
std::string_view otlp_path(OtlpSignal signal);

struct OtlpAnswer {
  enum class Then {
    kAccepted,
    kRetry,        // the same request may succeed later
    kRetrySlowly,  // only if somebody changes something first
    kDrop,         // it will never succeed
    kNoSignal      // likewise, since the collector does not take this signal
  };
  Then then = Then::kAccepted;
  std::string why;   // the reason, if it is not accepted
  std::string hint;  // a step that may help, if there is one
  // Items of an accepted request that the collector rejected all the same, and its message. It may
  // send a message alone, as a warning.
  std::uint64_t rejected = 0;
  std::string message;
};

// `url` is the collector's base URL. Texts of the collector are bounded and printable.
OtlpAnswer otlp_answer(const PostResult& result, OtlpSignal signal, std::string_view url);

}  // namespace brownout::proxy
