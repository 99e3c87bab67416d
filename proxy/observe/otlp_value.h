// Builds the parts that all requests of the OpenTelemetry protocol have in common: attributes, the
// resource and the scope (OTLP/HTTP 1.x, JSON Protobuf encoding). Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brownout::proxy {

// Attributes of a resource, for example service.name. No name occurs twice.
using OtlpAttributes = std::vector<std::pair<std::string, std::string>>;

// Describes the sending process.
struct OtlpSource {
  OtlpAttributes attributes;
  std::string version;    // the scope's version
  std::uint64_t run = 0;  // a random number that makes the trace ids of different runs differ
};

using OtlpObject = nlohmann::ordered_json;

OtlpObject otlp_attribute(std::string_view key, const OtlpObject& value);

// Returns a request with one resource and one scope, as text. `resources`, `scopes` and `items` are
// the names of the signal's members, for example "resourceSpans", "scopeSpans" and "spans".
struct OtlpMembers {
  const char* resources;
  const char* scopes;
  const char* items;
};
std::string otlp_request(const OtlpMembers& members, OtlpObject items, const OtlpSource& source);

}  // namespace brownout::proxy
