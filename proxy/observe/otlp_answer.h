// Interprets the response of an OpenTelemetry collector: whether to retry, drop or accept, and a
// hint for the user ("OpenTelemetry Protocol Specification", OTLP/HTTP Response). Pure; any thread.
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
    kRetrySlowly,  // the request may succeed only after the configuration has been changed
    kDrop,         // the request will never succeed
    kNoSignal      // never succeeds, since the collector does not accept this signal
  };
  Then then = Then::kAccepted;
  std::string why;   // reason of the failure; "" if accepted
  std::string hint;  // advice on what to do; may be empty
  // For an accepted request: the number of items that the collector rejected (partial success), and
  // its message. A message without rejected items is a warning.
  std::uint64_t rejected = 0;
  std::string message;
};

// `url` is the collector's base URL. Texts of the collector are bounded and printable.
OtlpAnswer otlp_answer(const PostResult& result, OtlpSignal signal, std::string_view url);

}  // namespace brownout::proxy
