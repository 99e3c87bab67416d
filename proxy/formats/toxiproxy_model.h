// What Toxiproxy's API speaks of, as values: proxies and their toxics, to and from its JSON, and as
// a configuration of this proxy. Pure: no sockets.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/config.h"
#include "rules/language/toxic.h"

namespace brownout::toxiproxy {

// As the client gets it: {"error": what, "status": status}.
struct Problem {
  int status = 400;
  std::string what;
};
template <class T>
using Outcome = tl::expected<T, Problem>;

struct Proxy {
  std::string name;
  std::string listen;  // as asked for; once it listens, where it really does
  std::string upstream;
  bool enabled = true;
  std::vector<rules::Toxic> toxics;  // upstream ones first, each direction in chain order

  rules::Endpoint asked;  // `listen` as the port was opened with
  rules::Endpoint server;

  // Whether that is where `other` listens already; port 0 is always another.
  bool listens_at(const Proxy& other) const;
  // Keeps the port open if it is the same.
  void take_place_of(const Proxy& other);
  const rules::Toxic* find(const std::string& toxic) const;
  // In its place in the chain: at the end of its direction.
  void add(rules::Toxic toxic);
};

// "" and ":80" are every address.
Outcome<rules::Endpoint> parse_listen(const std::string& text);

// A body; keys in any case. `at` is put behind messages about missing fields (" at proxy 2").
Outcome<nlohmann::json> parse_body(const std::string& body);
Outcome<Proxy> read_proxy(const nlohmann::json& json, const std::string& at = {});
// Fields that are given; the others, the name and the toxics stay.
Outcome<Proxy> update_proxy(Proxy proxy, const nlohmann::json& json);
Outcome<rules::Toxic> read_toxic(const nlohmann::json& json);
// Attributes and toxicity that are given.
Outcome<rules::Toxic> update_toxic(rules::Toxic toxic, const nlohmann::json& json);

nlohmann::json to_json(const Proxy& proxy);
nlohmann::json to_json(const rules::Toxic& toxic);
nlohmann::json to_json(const std::vector<rules::Toxic>& toxics);

// All that are enabled; an error when a toxic's attributes are out of their range.
Outcome<rules::Config> config_of(const std::vector<Proxy>& proxies);

}  // namespace brownout::toxiproxy
