#include "proxy/formats/toxiproxy_model.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "proxy/formats/json_document.h"
#include "proxy/formats/json_text.h"
#include "rules/base/find_named.h"
#include "rules/schema/text_pattern.h"

namespace brownout::toxiproxy {
namespace {

using nlohmann::json;
using rules::Direction;

json with_lower_keys(const json& value) {
  if (value.is_array()) {
    json all = json::array();
    for (const auto& element : value) all.push_back(with_lower_keys(element));
    return all;
  }
  if (!value.is_object()) return value;
  json all = json::object();
  for (const auto& [key, member] : value.items())
    all[rules::lower_case(key)] = with_lower_keys(member);
  return all;
}

tl::unexpected<Problem> bad(const std::string& what) {
  return tl::unexpected(Problem{400, "bad request body: " + what});
}

// Stores the value of a key in `to`; leaves `to` unchanged if the key is absent or null.
template <class T>
std::optional<Problem> take(const json& from, const char* key, const char* kind, T& to) {
  const auto found = from.find(key);
  if (found == from.end() || found->is_null()) return std::nullopt;
  const bool fits = std::is_same_v<T, std::string> ? found->is_string()
                    : std::is_same_v<T, bool>      ? found->is_boolean()
                                                   : found->is_number();
  if (!fits) {
    return Problem{400, "bad request body: " + std::string(key) + " must be " + kind};
  }
  found->get_to(to);
  return std::nullopt;
}

std::optional<Problem> take_attributes(const json& from, rules::Toxic& toxic) {
  const auto found = from.find("attributes");
  if (found == from.end() || found->is_null()) return std::nullopt;
  if (!found->is_object()) return Problem{400, "bad request body: attributes must be an object"};
  for (std::size_t i = 0; i < toxic.values.size(); ++i) {
    const auto& attribute = toxic.kind->attributes[i];
    const std::string key(attribute.name);
    double value = toxic.values[i];
    if (auto problem = take(*found, key.c_str(), "a number", value)) return problem;
    // Refuses fractions where whole numbers are needed. Also refuses numbers above 9e15, which a
    // double cannot hold exactly; no setting is as large.
    if (!attribute.fraction && (value != std::floor(value) || std::abs(value) > 9e15)) {
      return Problem{400, "bad request body: " + key + " must be a whole number"};
    }
    toxic.values[i] = value;
  }
  return std::nullopt;
}

Outcome<rules::Toxic> checked(rules::Toxic toxic) {
  if (auto rule = rules::rule_of(toxic, "proxy"); !rule) {
    return bad(rule.error().what);
  }
  return toxic;
}

Outcome<rules::Endpoint> parse_upstream(const std::string& text) {
  auto server = rules::parse_endpoint(text);
  if (!server) return bad("upstream: " + server.error().what);
  return std::move(*server);
}

}  // namespace

bool Proxy::listens_at(const Proxy& other) const {
  const auto there = rules::parse_listen(other.listen);
  if (!there || asked.port == 0 || asked.port != there->port) return false;
  if (asked.host == there->host) return true;
  const auto ip = there->ip();
  return asked.host == "localhost" && ip && ip->is_loopback();
}

void Proxy::take_place_of(const Proxy& other) {
  if (!listens_at(other)) return;
  asked = other.asked;
  listen = other.listen;
}

const rules::Toxic* Proxy::find(const std::string& toxic) const {
  return rules::find_named(toxics, toxic);
}

void Proxy::add(rules::Toxic toxic) {
  auto place = toxics.end();
  if (toxic.direction == Direction::kUpstream) {
    place = std::find_if(toxics.begin(), toxics.end(), [](const auto& candidate) {
      return candidate.direction == Direction::kDownstream;
    });
  }
  toxics.insert(place, std::move(toxic));
}

Outcome<rules::Endpoint> parse_listen(const std::string& text) {
  auto endpoint = rules::parse_listen(text.empty() ? ":0" : text);
  if (!endpoint) return bad("listen: " + endpoint.error().what);
  if (endpoint->is_unix()) return bad("listen: an address and a port are expected");
  return std::move(*endpoint);
}

Outcome<json> parse_body(const std::string& body) {
  const auto parsed = codecs::read_json(body, codecs::kMostJsonValues);
  if (!parsed) {
    return bad(
        body.empty()
            ? "it is empty"
            : "it is not JSON, is nested more than 64 levels deep, or has more than 50000 values");
  }
  return with_lower_keys(*parsed);
}

Outcome<Proxy> read_proxy(const json& body, const std::string& at) {
  if (!body.is_object()) return bad("an object is expected" + at);
  Proxy proxy;
  if (auto problem = take(body, "name", "a string", proxy.name)) return tl::unexpected(*problem);
  if (proxy.name.empty()) {
    return tl::unexpected(Problem{400, "missing required field: name" + at});
  }
  std::string upstream;
  if (auto problem = take(body, "upstream", "a string", upstream)) return tl::unexpected(*problem);
  if (upstream.empty()) {
    return tl::unexpected(Problem{400, "missing required field: upstream" + at});
  }
  auto made = update_proxy(std::move(proxy), body);
  if (!made) return made;
  if (made->listen.empty()) {
    auto everywhere = parse_listen("");
    made->asked = *everywhere;
  }
  const auto toxics = body.find("toxics");
  if (toxics == body.end() || toxics->is_null()) return made;
  if (!toxics->is_array()) return bad("toxics must be an array" + at);
  for (const auto& description : *toxics) {
    auto toxic = read_toxic(description);
    if (!toxic) return tl::unexpected(toxic.error());
    if (made->find(toxic->name) != nullptr) {
      return tl::unexpected(Problem{409, "toxic already exists"});
    }
    made->add(std::move(*toxic));
  }
  return made;
}

Outcome<Proxy> update_proxy(Proxy proxy, const json& body) {
  if (!body.is_object()) return bad("an object is expected");
  std::string listen;
  std::string upstream;
  for (auto problem :
       {take(body, "listen", "a string", listen), take(body, "upstream", "a string", upstream),
        take(body, "enabled", "true or false", proxy.enabled)}) {
    if (problem) return tl::unexpected(*problem);
  }
  if (!listen.empty() && listen != proxy.listen) {
    auto where = parse_listen(listen);
    if (!where) return tl::unexpected(where.error());
    const auto before = proxy;
    proxy.listen = listen;
    proxy.asked = std::move(*where);
    proxy.take_place_of(before);
  }
  if (!upstream.empty() && upstream != proxy.upstream) {
    auto server = parse_upstream(upstream);
    if (!server) return tl::unexpected(server.error());
    proxy.upstream = upstream;
    proxy.server = std::move(*server);
  }
  return proxy;
}

Outcome<rules::Toxic> read_toxic(const json& body) {
  if (!body.is_object()) return bad("an object is expected");
  rules::Toxic toxic;
  std::string type;
  toxic.stream = "downstream";
  for (auto problem :
       {take(body, "name", "a string", toxic.name), take(body, "type", "a string", type),
        take(body, "stream", "a string", toxic.stream)}) {
    if (problem) return tl::unexpected(*problem);
  }
  const auto stream = rules::lower_case(toxic.stream);
  if (stream != "upstream" && stream != "downstream") {
    return tl::unexpected(Problem{400, "stream was invalid, can be either upstream or downstream"});
  }
  toxic.direction = stream == "upstream" ? Direction::kUpstream : Direction::kDownstream;
  if (toxic.name.empty()) toxic.name = type + "_" + toxic.stream;
  toxic.kind = rules::find_toxic(type);
  if (toxic.kind == nullptr) return tl::unexpected(Problem{400, "invalid toxic type"});
  toxic.values.resize(toxic.kind->attributes.size());
  return update_toxic(std::move(toxic), body);
}

Outcome<rules::Toxic> update_toxic(rules::Toxic toxic, const json& body) {
  if (!body.is_object()) return bad("an object is expected");
  if (auto problem = take(body, "toxicity", "a number", toxic.toxicity)) {
    return tl::unexpected(*problem);
  }
  if (auto problem = take_attributes(body, toxic)) return tl::unexpected(*problem);
  return checked(std::move(toxic));
}

json to_json(const rules::Toxic& toxic) {
  json attributes = json::object();
  for (std::size_t i = 0; i < toxic.values.size(); ++i) {
    const auto& attribute = toxic.kind->attributes[i];
    auto& value = attributes[std::string(attribute.name)];
    if (attribute.fraction) {
      value = toxic.values[i];
    } else {
      value = static_cast<std::int64_t>(toxic.values[i]);
    }
  }
  json toxicity = toxic.toxicity;
  // Writes 1.0 as 1, as programs in Go do, since clients compare the text.
  if (toxic.toxicity == std::floor(toxic.toxicity)) toxicity = static_cast<int>(toxic.toxicity);
  return {{"attributes", attributes},
          {"name", toxic.name},
          {"type", toxic.kind->name},
          {"stream", toxic.stream},
          {"toxicity", toxicity}};
}

json to_json(const std::vector<rules::Toxic>& toxics) {
  json all = json::array();
  for (const auto& toxic : toxics) all.push_back(to_json(toxic));
  return all;
}

json to_json(const Proxy& proxy) {
  return {{"name", proxy.name},
          {"listen", proxy.listen},
          {"upstream", proxy.upstream},
          {"enabled", proxy.enabled},
          {"toxics", to_json(proxy.toxics)}};
}

Outcome<rules::Config> config_of(const std::vector<Proxy>& proxies) {
  rules::Config config;
  for (const auto& proxy : proxies) {
    if (!proxy.enabled) continue;
    rules::Listener listener;
    listener.name = listener.upstream = proxy.name;
    listener.listen = proxy.asked;
    config.listeners.push_back(std::move(listener));
    rules::Upstream upstream;
    upstream.name = proxy.name;
    upstream.servers = {proxy.server};
    config.upstreams.push_back(std::move(upstream));
    for (const auto& toxic : proxy.toxics) {
      auto rule = rules::rule_of(toxic, proxy.name);
      if (!rule) return tl::unexpected(Problem{400, rule.error().what});
      if (*rule) config.rules.push_back(std::move(**rule));
    }
  }
  return config;
}

}  // namespace brownout::toxiproxy
