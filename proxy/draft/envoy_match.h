// Translates Envoy's matchers of headers and routes into keys of `match`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"
#include "rules/schema/node.h"

namespace brownout::draft {

// The member by Envoy's name of the field ("fixed_delay"), or by its name in JSON ("fixedDelay").
const rules::Node* envoy_field(const rules::Node& node, std::string_view name);

// Keys of a `match` table, as TOML.
struct EnvoyMatch {
  std::vector<Line> keys;
  std::vector<std::string> left_out;  // conditions that a rule cannot have

  // A second condition on the same key cannot be expressed.
  void add(const std::string& key, std::string value);
  // "{ ... }", or "" without keys.
  std::string text() const;
};

// The `headers` of a fault filter or of a route.
void add_headers(const rules::Node& headers, EnvoyMatch& match);
// The `match` of a route: its path and headers.
void add_route(const rules::Node& route_match, EnvoyMatch& match);

}  // namespace brownout::draft
