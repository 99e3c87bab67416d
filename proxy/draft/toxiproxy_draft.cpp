// Converts Toxiproxy's configuration to a rule file. The text is Toxiproxy's configuration file, or
// the response to GET /proxies.
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "proxy/draft/sources.h"
#include "proxy/formats/toml_text.h"
#include "proxy/formats/toxiproxy_model.h"

namespace brownout::draft {
namespace {

using codecs::toml_string;

Table rule_of_toxic(const rules::Toxic& toxic, const rules::Node& fault, const std::string& proxy,
                    Names& names) {
  const bool upstream = toxic.direction == rules::Direction::kUpstream;
  Table rule{.kind = "rule",
             .lines = {{"name", toml_string(names.take(proxy + "/" + toxic.name))}}};
  rule.lines.push_back({"match", "{ listener = " + toml_string(proxy) + ", direction = " +
                                     toml_string(upstream ? "upstream" : "downstream") + " }"});
  if (toxic.toxicity < 1) {
    const auto share = to_text(rules::Ratio::of(toxic.toxicity));
    rule.lines.push_back({"probability", toml_string(share), "toxicity"});
  }
  rule.lines.push_back({"fault", codecs::toml_text(fault), std::string(toxic.kind->name)});
  return rule;
}

void add_proxy(const toxiproxy::Proxy& proxy, Draft& draft, Names& rule_names) {
  Table listener{.kind = "listener",
                 .lines = {{"name", toml_string(proxy.name)},
                           {"listen", toml_string(to_text(proxy.asked))},
                           {"upstream", toml_string(to_text(proxy.server))}}};
  if (!proxy.enabled) listener.lines.push_back({"enabled", "false"});
  draft.tables.push_back(std::move(listener));
  for (const auto& toxic : proxy.toxics) {
    // A toxic of the type noop has no fault, so it gets no rule.
    if (const auto fault = toxic.kind->fault(toxic.values)) {
      draft.tables.push_back(rule_of_toxic(toxic, *fault, proxy.name, rule_names));
    }
  }
}

}  // namespace

rules::Result<Draft> draft_of_toxiproxy(std::string_view text) {
  constexpr std::string_view kForm =
      R"(e.g. [{"name": "web", "listen": "127.0.0.1:8001", "upstream": "127.0.0.1:8000"}])";
  const auto body = toxiproxy::parse_body(std::string(text));
  if (!body) return rules::config_error(body.error().what, std::string(kForm));
  if (!body->is_array() && !body->is_object()) {
    return rules::config_error("the file is not a JSON list of proxies", std::string(kForm));
  }
  Draft draft{introduction("Toxiproxy's proxies"), {}};
  draft.about.push_back(
      "Each proxy is a listener, each toxic a rule. The published clients of Toxiproxy work with "
      "`brownout run` and `brownout toxiproxy`, too: see docs/toxiproxy.md.");
  std::set<std::string> names;
  Names rule_names;
  // The configuration file is a list of proxies. The response to GET /proxies is an object of
  // proxies by name.
  for (const auto& json : *body) {
    const auto at = " at proxy " + std::to_string(names.size() + 1);
    const auto proxy = toxiproxy::read_proxy(json, at);
    if (!proxy) {
      const auto& what = proxy.error().what;
      return rules::config_error(what.ends_with(at) ? what : what + at, std::string(kForm));
    }
    if (!names.insert(proxy->name).second) {
      return rules::config_error("two proxies have the name " + toml_string(proxy->name),
                                 "give each proxy its own name");
    }
    add_proxy(*proxy, draft, rule_names);
  }
  if (names.empty()) return rules::config_error("the file has no proxy", std::string(kForm));
  return draft;
}

}  // namespace brownout::draft
