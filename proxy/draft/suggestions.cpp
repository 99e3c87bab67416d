#include "proxy/draft/suggestions.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "proxy/formats/toml_text.h"
#include "rules/language/load_toml.h"

namespace brownout::draft {
namespace {

struct Suggestion {
  std::string_view name;
  std::string_view about;
  std::string_view fault;             // the fault as TOML
  std::string_view match = {};        // keys of `match` as TOML
  std::string_view probability = {};  // empty: the rule always acts
  std::string_view per = {};
  std::string_view start = {};
  std::string_view duration = {};
  std::string_view ramp = {};
};

constexpr std::array kSuggestions{
    Suggestion{.name = "slow messages",
               .about = "Each message, request or query waits.",
               .fault = R"(type = "delay", delay = "300ms", jitter = "100ms")"},
    Suggestion{.name = "errors",
               .about = "Every tenth request gets an error, and the server never sees it.",
               .fault = R"(type = "abort", status = 503)",
               .probability = "10%",
               .per = "request"},
    Suggestion{.name = "no name",
               .about = "Every tenth query fails, as with an unreachable name server.",
               .fault = R"(type = "servfail")",
               .probability = "10%",
               .per = "query"},
    Suggestion{.name = "wrong address",
               .about = "Answers lead to an address where nobody is.",
               .fault = R"(type = "wrong_answer", addresses = ["192.0.2.1"])"},
    Suggestion{.name = "lost messages",
               .about = "One message in twenty vanishes.",
               .fault = R"(type = "drop")",
               .probability = "5%",
               .per = "message"},
    Suggestion{.name = "lost acknowledgements",
               .about = "The other side has the message; its acknowledgement never arrives.",
               .fault = R"(type = "ack_loss")",
               .probability = "10%",
               .per = "message"},
    Suggestion{.name = "twice",
               .about = "One in twenty arrives twice.",
               .fault = R"(type = "duplicate", share = "5%")"},
    Suggestion{.name = "no handshake",
               .about = "Every tenth TLS handshake ends with an alert.",
               .fault = R"(type = "tls_alert", alert = "internal_error")",
               .probability = "10%"},
    Suggestion{.name = "slow",
               .about = "Data waits, on its way to the server and on its way back.",
               .fault = R"(type = "latency", delay = "300ms")"},
    Suggestion{.name = "lossy",
               .about = "One packet in a hundred is lost; a TCP connection stalls meanwhile.",
               .fault = R"(type = "loss", loss = "1%")"},
    Suggestion{.name = "cut off",
               .about = "Every tenth connection is reset after ten seconds.",
               .fault = R"(type = "limit_time", after = "10s", close = "rst")",
               .probability = "10%"},
    Suggestion{.name = "narrow",
               .about = "A line of one megabit a second.",
               .fault = R"(type = "bandwidth", rate = "1 Mbit/s")"},
    Suggestion{.name = "refused",
               .about = "The first two connections are refused: does the client try again?",
               .fault = R"(type = "refuse")",
               .match = "first = 2"},
};

// Rules on messages come first, since they act before rules on bytes.
constexpr std::array kOutage{
    Suggestion{.name = "it gets slow",
               .about = "Minute 1 to 3: the service answers ever later.",
               .fault = R"(type = "delay", delay = "2s", jitter = "500ms")",
               .start = "1m",
               .duration = "2m",
               .ramp = "1m"},
    Suggestion{.name = "messages are lost",
               .about = "Minute 2 to 3: one message in twenty vanishes.",
               .fault = R"(type = "drop")",
               .probability = "5%",
               .per = "message",
               .start = "2m",
               .duration = "1m"},
    Suggestion{.name = "acknowledgements are lost",
               .about =
                   "Minute 2 to 3: a fifth of the acknowledgements is lost: senders send again "
                   "what was delivered.",
               .fault = R"(type = "ack_loss")",
               .probability = "20%",
               .per = "message",
               .start = "2m",
               .duration = "1m"},
    Suggestion{.name = "messages come twice",
               .about = "Minute 4 to 6: after the outage some messages come twice.",
               .fault = R"(type = "duplicate", share = "10%")",
               .start = "4m",
               .duration = "2m"},
    Suggestion{.name = "it is gone",
               .about = "Minute 3 to 4: connections are reset, and new ones refused.",
               .fault = R"(type = "down")",
               .start = "3m",
               .duration = "1m"},
    Suggestion{
        .name = "everybody comes back",
        .about = "Minute 4 to 5: all clients connect again at once, so a connect takes long.",
        .fault = R"(type = "connect_delay", delay = "3s", jitter = "2s")",
        .start = "4m",
        .duration = "1m"},
};

std::string match_of(const Suggestion& suggestion, const Target& target) {
  auto keys = target.match + std::string(suggestion.match);
  if (suggestion.match.empty() && !keys.empty()) keys.resize(keys.size() - 2);
  return keys.empty() ? "" : "{ " + keys + " }";
}

Table rule_of(const Suggestion& suggestion, const Target& target) {
  Table rule{.kind = "rule", .lines = {}, .about = std::string(suggestion.about)};
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) rule.lines.push_back({std::string(key), value});
  };
  const auto text = [](std::string_view value) {
    return value.empty() ? std::string() : codecs::toml_string(value);
  };
  const auto behind = target.about.empty() ? "" : ": " + target.about;
  add("name", text(std::string(suggestion.name) + behind));
  add("match", match_of(suggestion, target));
  add("probability", text(suggestion.probability));
  add("per", text(suggestion.per));
  add("start", text(suggestion.start));
  add("duration", text(suggestion.duration));
  add("ramp", text(suggestion.ramp));
  add("fault", "{ " + std::string(suggestion.fault) + " }");
  return rule;
}

bool fits(const Table& rule, const Target& target) {
  return text_of({.about = {}, .tables = {target.listener, rule}}).has_value();
}

std::vector<Table> fitting(std::span<const Suggestion> list, const Target& target,
                           std::size_t most) {
  std::vector<Table> rules;
  for (const auto& suggestion : list) {
    if (rules.size() == most) break;
    auto rule = rule_of(suggestion, target);
    if (fits(rule, target)) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

std::vector<Table> suggestions_for(const Target& target, std::size_t most) {
  auto rules = fitting(kSuggestions, target, most);
  for (auto& rule : rules) rule.on = false;
  const auto delays = std::find_if(rules.begin(), rules.end(), [](const Table& rule) {
    const auto& fault = rule.lines.back().value;
    return fault.starts_with(R"({ type = "delay")") || fault.starts_with(R"({ type = "latency")");
  });
  if (delays != rules.end()) delays->on = true;
  return rules;
}

std::vector<Table> outage_of(const Target& target) {
  return fitting(kOutage, target, kOutage.size());
}

}  // namespace brownout::draft
