// GET /why: returns the last actions of rules, and predicts what the rules will do next, like
// `brownout explain`.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/control/api_views.h"
#include "proxy/control/native_api.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/url.h"
#include "rules/base/describe.h"
#include "rules/base/diagnostics.h"
#include "rules/base/find_named.h"
#include "rules/base/whole_number.h"
#include "rules/language/ask.h"
#include "rules/protocols/http1/http.h"

namespace brownout::proxy {
namespace {

using Parameters = std::map<std::string, std::string>;

// explain() says this of a key of match that differs, between them the key.
constexpr std::string_view kKeyBegins = "its `";
constexpr std::string_view kKeyEnds = "` does not match";

std::string value_in(const Parameters& given, const std::string& key) {
  const auto found = given.find(key);
  return found != given.end() ? found->second : std::string();
}

tl::expected<WhyQuery, Refusal> filter_of(const Parameters& given) {
  WhyQuery query{.listener = value_in(given, "listener"),
                 .client = value_in(given, "client"),
                 .rule = value_in(given, "rule"),
                 .text = value_in(given, "text")};
  const auto keys = WhyQuery::keys();
  for (const auto& [key, value] : given) {
    if (key == "listener" || key == "client" || key == "rule" || key == "text") continue;
    if (key == "limit") {
      const auto limit = rules::parse_whole_number(value, WhyRing::kMost);
      if (!limit)
        return tl::unexpected(Refusal{400, "the parameter limit must be a number from 0 to 10000"});
      query.most = *limit;
    } else if (key == "status") {
      const auto status = rules::StatusRange::parse(value);
      if (!status) return tl::unexpected(Refusal{400, describe(status.error())});
      query.status = *status;
    } else if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      query.where.emplace_back(key, value);
    } else {
      const std::vector<std::string_view> known(keys.begin(), keys.end());
      return tl::unexpected(Refusal{400, "\"" + key +
                                             "\" is not a property of requests or messages; " +
                                             rules::suggest(key, known)});
    }
  }
  return query;
}

// Converts the parameters of the request to a question for `explain`.
rules::Asked asked_of(const Parameters& given, const rules::Listener& listener) {
  rules::Asked asked;
  asked.listener = listener.name;
  const auto address = [&](const std::string& key) {
    auto text = value_in(given, key);
    return rules::parse_address_port(text) ? text : std::string();
  };
  const auto or_default = [&](const std::string& key, std::string& into) {
    if (given.contains(key)) into = given.at(key);
  };
  asked.client = address("client");
  asked.destination = address("destination");
  or_default("qname", asked.qname);
  or_default("qtype", asked.qtype);
  or_default("transport", asked.transport);
  or_default("method", asked.method);
  or_default("sni", asked.sni);
  if (given.contains("node")) {
    asked.node = rules::parse_whole_number(given.at("node"), INT32_MAX);
  }
  if (given.contains("host")) asked.headers.push_back("host: " + given.at("host"));
  asked.status = rules::parse_whole_number(value_in(given, "status"), 999).value_or(0);
  if (listener.protocol.has_requests() || (listener.decrypts() && given.contains("path"))) {
    const auto path = value_in(given, "path");
    asked.url = (path.starts_with('/') ? "" : "/") + path;
  }
  for (const auto* protocol : rules::message_protocols()) {
    for (const auto& option : protocol->explain_options()) {
      auto key = option.name;
      std::replace(key.begin(), key.end(), '-', '_');
      if (given.contains(key)) asked.message[option.name] = given.at(key);
    }
  }
  return asked;
}

// If `explain` compared a key that the request does not give, adds a hint to give this key.
std::string with_open_key(std::string why, const Parameters& given) {
  if (!why.starts_with(kKeyBegins) || !why.ends_with(kKeyEnds)) return why;
  const auto key = why.substr(kKeyBegins.size(), why.size() - kKeyBegins.size() - kKeyEnds.size());
  if (key.find(' ') != std::string::npos || given.contains(key)) return why;
  return why + "; give the parameter " + key + " of the request";
}

tl::expected<Json, Refusal> explained(const LiveConfig& live, const Parameters& given) {
  const auto& config = live.config();
  const auto name = value_in(given, "listener");
  const auto* listener = rules::find_named(config.listeners, name);
  if (listener == nullptr) return Json();
  auto asked = asked_of(given, *listener);
  asked.syn_ways = live.engine().syn_ways();
  const auto posed = rules::pose(config, asked);
  if (!posed) return tl::unexpected(Refusal{400, describe(posed.error())});
  Json rules = Json::array();
  const auto add = [&](const rules::Explanation& answer) {
    rules.push_back({{"rule", answer.rule},
                     {"fault", answer.fault},
                     {"acts", answer.acts},
                     {"why", answer.acts ? answer.why : with_open_key(answer.why, given)}});
  };
  for (const auto& answer :
       rules::explain(live.engine().rules(), (*posed)->question, Loop::now())) {
    add(answer);
  }
  for (const auto& rule : config.rules) {
    if (!rule.enabled) add({rule.name, false, std::string(rule.kind->name), "it is disabled"});
  }
  return rules;
}

}  // namespace

HttpResponse NativeApi::why(const Call& call) {
  const auto given = parse_query(call.request.query);
  const auto query = filter_of(given);
  if (!query) return problem(query.error());
  const auto rules = explained(live_, given);
  if (!rules) return problem(rules.error());
  const auto found = live_.engine().why(*query);
  Json answer{{"halted", live_.engine().halted()}, {"total", found.total}};
  answer["entries"] = Json::array();
  for (const auto& entry : found.entries) {
    answer["entries"].push_back(json_of(entry, TouchedForm::kWhole));
  }
  if (rules->is_array()) answer["rules"] = *rules;
  return answer_json(200, answer);
}

}  // namespace brownout::proxy
