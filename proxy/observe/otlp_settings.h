// Reads the environment variables that OpenTelemetry defines for exporters ("OpenTelemetry Protocol
// Exporter", "Environment Variable Specification"). Pure; any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/otlp_value.h"
#include "rules/base/result.h"

namespace brownout::proxy {

struct OtlpSettings {
  std::string url;                            // the collector's base URL, without "/" at the end
  std::vector<std::string> headers;           // whole header lines
  std::chrono::milliseconds timeout{10'000};  // for each request
  std::string ca_file;                        // PEM file of trusted CAs; "" for the system's
  OtlpAttributes attributes;                  // attributes of the OpenTelemetry resource
  std::vector<std::string> warnings;          // about values that are not used
};

// Returns the value of an environment variable, or "". The specification treats both alike.
using OtlpVariable = std::function<std::string(const char* name)>;

// Returns the settings. `url` is the value of --otlp. `attributes` are the resource's attributes
// unless the environment has others. Reads these variables:
//   OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TIMEOUT (milliseconds),
//   OTEL_EXPORTER_OTLP_CERTIFICATE, SSL_CERT_FILE, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
// A value that cannot be used is left out with a warning, as the specification demands. A warning
// has no values, since they may be secrets.
rules::Result<OtlpSettings> otlp_settings(std::string url, OtlpAttributes attributes,
                                          const OtlpVariable& variable);

struct OtlpHeaders {
  std::vector<std::string> lines;
  // numbers, from 1, of the pairs that are not valid and left out
  std::vector<std::size_t> malformed;
};
// Parses the value of OTEL_EXPORTER_OTLP_HEADERS, "name=value,name=value" with percent-encoded
// values.
OtlpHeaders otlp_headers(std::string_view text);

}  // namespace brownout::proxy
