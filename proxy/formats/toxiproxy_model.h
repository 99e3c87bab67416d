// The data of Toxiproxy's API: proxies and toxics. Converts them from and to Toxiproxy's JSON, and
// to a configuration for Brownout's engine. No I/O.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/config.h"
#include "rules/language/toxic.h"

namespace brownout::toxiproxy {

// A refused request, answered with {"error": what, "status": status}.
struct Problem {
  int status = 400;
  std::string what;
};
template <class T>
using Outcome = tl::expected<T, Problem>;

struct Proxy {
  std::string name;
  std::string listen;  // the requested address; the bound address once the port is open
  std::string upstream;
  bool enabled = true;
  // First the toxics towards the server, then those towards the client, each in their order.
  std::vector<rules::Toxic> toxics;

  rules::Endpoint asked;  // the requested address in parsed form; the port to open
  rules::Endpoint server;

  // Whether this proxy has the same listen address as `other`. Port 0 never counts as the same.
  bool listens_at(const Proxy& other) const;
  // If `other` has the same listen address, takes over the port that is open for `other`.
  void take_place_of(const Proxy& other);
  const rules::Toxic* find(const std::string& toxic) const;
  // Adds a toxic after the other toxics of its direction.
  void add(rules::Toxic toxic);
};

// Parses an address; "" and ":80" mean all addresses.
Outcome<rules::Endpoint> parse_listen(const std::string& text);

// Parses the JSON of a request body; the keys may be written in upper or lower case.
Outcome<nlohmann::json> parse_body(const std::string& body);
// Reads a proxy. Errors about missing fields end with `at`, for example " at proxy 2".
Outcome<Proxy> read_proxy(const nlohmann::json& json, const std::string& at = {});
// Sets the fields that `json` has. The other fields, the name and the toxics stay as they are.
Outcome<Proxy> update_proxy(Proxy proxy, const nlohmann::json& json);
Outcome<rules::Toxic> read_toxic(const nlohmann::json& json);
// Sets the attributes and the toxicity that `json` has. The others stay as they are.
Outcome<rules::Toxic> update_toxic(rules::Toxic toxic, const nlohmann::json& json);

nlohmann::json to_json(const Proxy& proxy);
nlohmann::json to_json(const rules::Toxic& toxic);
nlohmann::json to_json(const std::vector<rules::Toxic>& toxics);

// Returns the configuration of all enabled proxies, or an error if a toxic's attribute is out of
// range.
Outcome<rules::Config> config_of(const std::vector<Proxy>& proxies);

}  // namespace brownout::toxiproxy
