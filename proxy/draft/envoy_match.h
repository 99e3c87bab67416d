// Translates Envoy's matchers of headers and routes into keys of the rule file's `match`. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"
#include "rules/schema/node.h"

namespace brownout::draft {

// Returns a field of Envoy's configuration, also if the field has its JSON name ("fixedDelay" for
// "fixed_delay"). Returns null if the field is absent.
const rules::Node* envoy_field(const rules::Node& node, std::string_view name);

// The keys of a `match` table, with values in TOML.
struct EnvoyMatch {
  std::vector<Line> keys;
  std::vector<std::string> except;    // inverted conditions, each a table of `not`
  std::vector<std::string> left_out;  // conditions that `match` cannot express

  // Adds a condition. If the key already has one, the new condition goes to `left_out`.
  void add(const std::string& key, std::string value);
  // Returns the table in the form "{ ... }"; "" without keys.
  std::string text() const;
};

// Adds the conditions of the field `headers` of a fault filter or of a route.
void add_headers(const rules::Node& headers, EnvoyMatch& match);
// Adds the conditions of a route's field `match`: its path and headers.
void add_route(const rules::Node& route_match, EnvoyMatch& match);

}  // namespace brownout::draft
