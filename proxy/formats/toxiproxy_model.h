// The data model of Toxiproxy's API: proxies and toxics, converted from and to Toxiproxy's JSON,
// and to a configuration of this proxy. Pure: no I/O.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/config.h"
#include "rules/language/toxic.h"

namespace brownout::toxiproxy {

// An error response: {"error": what, "status": status}.
struct Problem {
  int status = 400;
  std::string what;
};
template <class T>
using Outcome = tl::expected<T, Problem>;

struct Proxy {
  std::string name;
  std::string listen;  // the requested address; once the port is open, the bound address
  std::string upstream;
  bool enabled = true;
  std::vector<rules::Toxic> toxics;  // toxics of upstream first, each direction in chain order

  rules::Endpoint asked;  // the requested address in parsed form, to open the port
  rules::Endpoint server;

  // Returns true if this proxy has the same listen address as `other`. Port 0 never counts as the
  // same.
  bool listens_at(const Proxy& other) const;
  // Takes over the open port of `other` if the address is the same.
  void take_place_of(const Proxy& other);
  const rules::Toxic* find(const std::string& toxic) const;
  // Adds a toxic at the end of its direction's chain.
  void add(rules::Toxic toxic);
};

// Parses an address; "" and ":80" mean all addresses.
Outcome<rules::Endpoint> parse_listen(const std::string& text);

// Parse request bodies, whose keys may have any case. `at` is appended to errors about missing
// fields (" at proxy 2").
Outcome<nlohmann::json> parse_body(const std::string& body);
Outcome<Proxy> read_proxy(const nlohmann::json& json, const std::string& at = {});
// Changes the given fields; keeps the others, the name and the toxics.
Outcome<Proxy> update_proxy(Proxy proxy, const nlohmann::json& json);
Outcome<rules::Toxic> read_toxic(const nlohmann::json& json);
// Changes the given attributes and the given toxicity.
Outcome<rules::Toxic> update_toxic(rules::Toxic toxic, const nlohmann::json& json);

nlohmann::json to_json(const Proxy& proxy);
nlohmann::json to_json(const rules::Toxic& toxic);
nlohmann::json to_json(const std::vector<rules::Toxic>& toxics);

// Returns the configuration of all enabled proxies, or an error if a toxic's attribute is out of
// range.
Outcome<rules::Config> config_of(const std::vector<Proxy>& proxies);

}  // namespace brownout::toxiproxy
