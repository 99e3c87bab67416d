#include "rules/language/explain.h"

#include <algorithm>
#include <span>

#include "rules/base/list_text.h"
#include "rules/engine/activation.h"
#include "rules/engine/firewall_fault.h"
#include "rules/engine/plan.h"
#include "rules/engine/plan_http.h"
#include "rules/engine/rule_set.h"
#include "rules/language/explain_messages.h"
#include "rules/language/explain_syn.h"

namespace brownout::rules {
namespace {

template <class T>
std::string texts(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(to_text(value));
  return list_text({texts.begin(), texts.end()});
}

// Returns a text such as "its `not` excludes this path and status". `is_it` returns whether a table
// of `not` is the one that excludes the traffic.
template <class IsIt>
std::string excluded_text(const Match& match, IsIt is_it) {
  const auto found = std::find_if(match.except.begin(), match.except.end(), is_it);
  const auto& keys = (found != match.except.end() ? *found : match.except.front()).keys;
  return "its `not` excludes this " + and_text({keys.begin(), keys.end()});
}

std::string mismatch(const Rule& rule, const FlowFacts& flow, std::string_view key) {
  if (key == "not") {
    return excluded_text(rule.match, [&](const Except& entry) {
      return !entry.match.is_for_messages() && entry.match.matches(flow);
    });
  }
  if (key == "not: server")
    return "its `not` compares the server's address or port: give --destination";
  if (key == "response") return "it matches responses: give --status or --response-header";
  if (key == "listener") {
    const auto& names = rule.match.listener;
    return "it is for listener " + list_text({names.begin(), names.end()}) + ", not " +
           flow.listener;
  }
  if (key == "qname" || key == "qtype" || key == "transport") {
    return "its `" + std::string(key) + "` does not match" +
           (flow.dns.question ? "" : "; give --qname, --qtype and --transport");
  }
  if (key == "hello") return "it matches TLS handshakes: give --sni and --alpn";
  if (key == "request") return "it matches HTTP requests: give --url and --method";
  if (key == "node" && !flow.node) return "it matches some brokers only: give --node";
  if (key == "port") {
    const auto ports = texts(rule.match.port);
    return flow.destination_port == 0
               ? "it is for port " + ports + " of the server: give --destination"
               : "it is for port " + ports + ", not " + std::to_string(flow.destination_port);
  }
  if (key == "source_port") {
    const auto ports = texts(rule.match.source_port);
    return flow.client_port == 0
               ? "it is for port " + ports + " of the client: give it with --client"
               : "it is for port " + ports + " of the client, not " +
                     std::to_string(flow.client_port);
  }
  if (key == "host" && (rule.fault->loses_syns() || rule.fault->answers_syns())) {
    return "its `host` does not match; it acts on a connect to this address only if a DNS answer "
           "for its host contained this address";
  }
  if (key != "client" && key != "destination")
    return "its `" + std::string(key) + "` does not match";
  const bool client = key == "client";
  const auto& address = client ? flow.client : flow.destination;
  const auto& prefixes = client ? rule.match.client : rule.match.destination;
  const std::string found = address ? ", not " + to_text(*address) : ": give --" + std::string(key);
  return "it is for " + std::string(key) + " " + texts(prefixes) + found;
}

// Returns why the schedule keeps the rule inactive at the time `at`, or "" if the rule is active.
std::string off_schedule(const Rule& rule, Duration at) {
  if (at < rule.schedule.first_open())
    return "it starts " + to_text(rule.schedule.first_open()) + " after loading";
  const auto window = rule.schedule.window(Instant{}, Instant{at});
  if (rule.schedule.periods && window.open == kNever) {
    return "it ended " + to_text(rule.schedule.periods->back().close) + " after loading";
  }
  if ((rule.schedule.repeat || rule.schedule.periods) && !window.contains(Instant{at})) {
    return std::string("it is inactive between two ") +
           (rule.schedule.periods ? "windows" : "repetitions") + ", until " +
           to_text(window.open - Instant{}) + " after loading";
  }
  if (Instant{at} >= window.close) {
    return "it ended " + to_text(window.close - Instant{}) + " after loading";
  }
  return {};
}

std::string direction_text(const Rule& rule) {
  return rule.match.direction == DirectionChoice::kBoth
             ? "in both directions"
             : std::string(name_of(rule.match.direction)) + " only";
}

// For faults on messages of HTTP or DNS: returns the messages on which the rule acts, for example
// "on the request and the response".
std::string halves_text(const Rule& rule, Carrier carrier) {
  const bool dns = carrier == Carrier::kDns;
  const std::string request = dns ? "on the query" : "on the request";
  const std::string response = dns ? "on the answer" : "on the response";
  if (!rule.acts_on_half(carrier, Direction::kDownstream)) return request;
  if (!rule.acts_on_half(carrier, Direction::kUpstream)) return response;
  return request + " and " + response.substr(3);
}

std::string where_it_acts(const Rule& rule, Carrier carrier) {
  if (carrier == Carrier::kMessage) return "on messages, " + direction_text(rule);
  const bool exchange = carrier == Carrier::kHttp || carrier == Carrier::kDns;
  if (exchange && rule.kind->level == Level::kBytes && rule.kind->carries(Carrier::kMessage))
    return halves_text(rule, carrier);
  switch (rule.kind->level) {
    case Level::kListener:
      return "on the port";
    case Level::kConnection:
      if (rule.kind->on_syn)
        return carrier == Carrier::kDatagram ? "on each datagram" : "on the connect";
      return rule.kind->carries(Carrier::kTls) ? "on the handshake" : "on the new connection";
    case Level::kFirewall:
      return "on the list";
    case Level::kMessage:
      if (carrier == Carrier::kDns) return "on the query";
      if (rule.kind->on_http2) return "on the HTTP/2 connection";
      if (!rule.kind->directed) return "on the request";
      if (rule.kind->http_part == ExchangePart::kResponseByDefault)
        return halves_text(rule, carrier);
      break;
    case Level::kBytes:
      break;
  }
  return direction_text(rule);
}

// Returns the unit for which the rule draws. A message of HTTP is a request, one of DNS a query.
std::string unit_text(const Rule& rule, Carrier carrier) {
  auto per = rule.per;
  if (per == Per::kMessage && carrier == Carrier::kHttp) per = Per::kRequest;
  if (per == Per::kMessage && carrier == Carrier::kDns) per = Per::kQuery;
  if (per == Per::kRequest && carrier == Carrier::kMessage) per = Per::kMessage;
  return std::string(name_of(per));
}

// Explains the result of the random draw. `flow.carrier` is the kind of traffic on which the rule
// acts.
Explanation thrown(const Rule& rule, const Question& question, const FlowFacts& flow,
                   Explanation answer) {
  const auto where = where_it_acts(rule, flow.carrier);
  const Activation activation(rule, flow);
  const auto chance = to_text(rule.probability) + " per " + unit_text(rule, flow.carrier);
  if (rule.probability.parts_per_billion == 0) {
    answer.acts = false;
    answer.why = "its probability is 0%";
  } else if (rule.probability.parts_per_billion == Ratio::kOne) {
    answer.why = "it acts " + where;
  } else if (activation.per_chunk() || rule.per == Per::kSecond || !question.seed) {
    answer.why = "it acts " + where + " with a chance of " + chance;
  } else if (rule.kind->on_syn) {
    const auto selected = syn_selected(rule, question);
    answer.acts = selected.value_or(true);
    answer.why = !selected ? "it acts " + where + " with a chance of " + chance
                 : *selected
                     ? "the random draw (" + chance + ") selects the client; it acts " + where
                     : "the random draw (" + chance + ") excludes the client";
  } else {
    answer.acts = activation.next(Instant{question.at}).contains(Instant{question.at});
    answer.why = "the random draw (" + chance + ", seed " + std::to_string(*question.seed) +
                 (answer.acts ? ") selects it; it acts " + where : ") excludes it");
  }
  return answer;
}

// Returns the names of the injected misconfigurations that changed a firewall's decision, as the
// end of a sentence. If several are active, all are named.
std::string mistakes_text(const std::vector<std::shared_ptr<const Rule>>& mistakes) {
  if (mistakes.size() == 1)
    return ", because of the injected mistake of rule \"" + mistakes[0]->name + "\"";
  std::vector<std::string_view> names;
  for (const auto& mistake : mistakes) names.push_back(mistake->name);
  return ", because of the injected mistakes of rules " + list_text(names);
}

// Explains which line of a firewall decides about a new flow. If packets of established flows are
// not accepted, also explains which line decides about such packets.
Explanation explain_firewall(const RuleRef& firewall_rule, const Question& question) {
  const auto& rule = *firewall_rule;
  const auto& timeline = static_cast<const FirewallFault&>(*rule.fault).timeline();
  const Instant now{question.at};
  Explanation answer{rule.name, false, "firewall", {}};
  std::string_view key;
  if (!rule.match.matches(question.flow, &key)) {
    answer.why = mismatch(rule, question.flow, key);
    return answer;
  }
  const auto& firewall = timeline.at(now).firewall;
  const bool by_server = std::any_of(firewall.rules.begin(), firewall.rules.end(),
                                     [](auto& line) { return !line.destination.empty(); });
  const auto fresh =
      timeline.decide(packet_of(question.flow, Direction::kUpstream, PacketState::kNew), now);
  answer.acts = fresh.decision.action != FirewallAction::kAccept;
  answer.why = "for a new connection or session: " + to_text(firewall, fresh.decision);
  if (fresh.by_mistake) answer.why += mistakes_text(fresh.epoch->mistakes);
  if (fresh.decision.action == FirewallAction::kDrop) {
    answer.why += dropped_connect_text(firewall_rule, question);
  }
  if (by_server && !question.flow.destination) {
    answer.why += "; lines with a `destination` were not compared: give --destination";
  }
  for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
    const auto packet = packet_of(question.flow, direction, PacketState::kEstablished);
    const auto later = firewall.decide(packet);
    if (later.action == FirewallAction::kAccept) continue;
    answer.acts = true;
    answer.why +=
        "; for later packets, " + std::string(to_text(direction)) + ": " + to_text(firewall, later);
  }
  return answer;
}

// Explains why the rule does not act on the message, or returns "" if it may act. Messages are
// matched one by one, after their connection has been matched.
std::string other_message(const Rule& rule, const Question& question) {
  if ((rule.match.protocols() & question.flow.message_protocols).empty()) {
    return "it is for messages of " + rule.match.protocols().text();
  }
  if (!question.message || !rule.match.is_for_messages()) return {};
  const auto payload = std::as_bytes(std::span(question.payload));
  std::string_view key = "protocol";
  if (rule.match.matches(*question.message, payload, &question.flow, &key)) return {};
  if (key == "not") {
    return excluded_text(rule.match, [&](const Except& entry) {
      return entry.match.is_for_messages() && entry.match.matches(question.flow) &&
             entry.match.matches(*question.message, payload, &question.flow);
    });
  }
  return other_message_text(rule, *question.message, key);
}

// Returns the noun for the items that the rule's `first`, `after` and `every` count on this flow.
std::string_view counted(const Rule& rule, const FlowFacts& flow) {
  if (rule.match.count == Count::kClient) return "client";
  switch (flow.carrier) {
    case Carrier::kDatagram:
      return counts_datagrams(rule, flow) ? "datagram" : "session";
    case Carrier::kDns:
      return "query";
    case Carrier::kHttp:
      return rule.match.count ? "connection" : "request";
    case Carrier::kMessage:
      return rule.match.count ? "connection" : "message";
    case Carrier::kTls:
      return rule.match.count ? "connection" : "handshake";
    default:
      return "connection";
  }
}

std::string counts_text(const Rule& rule, const FlowFacts& flow) {
  const std::string thing(counted(rule, flow));
  const bool per_client = rule.match.count_per == CountPer::kClient;
  return "first, after and every count " + (thing == "query" ? "querie" : thing) + "s" +
         (per_client ? " of each client" : "");
}

Explanation explain_effect(const Rule& rule, const Question& question) {
  Explanation answer{rule.name, false, std::string(rule.kind->name), {}};
  // Faults on bytes act on an HTTP request, too, because the request is also part of the bytes of
  // its connection.
  FlowFacts flow = question.flow;
  const auto acts_on = [&](Carrier carrier) {
    if (!rule.kind->carries(carrier) || !rule.fault->acts_on(carrier)) return false;
    if (rule.match.is_for_messages() && carrier != Carrier::kMessage) return false;
    const bool either = carrier == Carrier::kHttp && rule.kind->carries(Carrier::kMessage);
    return !either || acts_on_requests(rule, flow.message_protocols);
  };
  if (flow.carrier == Carrier::kHttp && !acts_on(Carrier::kHttp)) flow.carrier = Carrier::kStream;
  // Faults on HTTP/2 connections act independently of the requests.
  const bool has_http = question.carriers.has(Carrier::kHttp);
  if (rule.kind->on_http2 && flow.carrier == Carrier::kStream && has_http) {
    flow.carrier = Carrier::kHttp;
  }
  if (flow.carrier == Carrier::kStream && acts_on(Carrier::kTls)) flow.carrier = Carrier::kTls;
  const bool messages = flow.carrier == Carrier::kStream && !acts_on(Carrier::kStream) &&
                        !flow.message_protocols.empty() &&
                        acts_on_messages(rule, flow.message_protocols);
  if (messages) flow.carrier = Carrier::kMessage;
  if (!acts_on(flow.carrier)) {
    const bool per_request = !flow.message_protocols.empty() && rule.per == Per::kRequest;
    answer.why = per_request ? "it acts on requests, not on the connection (per = \"request\")"
                 : rule.match.is_for_messages()
                     ? "it is for messages of " + rule.match.protocols().text()
                     : "it acts on " + carriers_text(rule.acting(), rule.kind->protocols());
    return answer;
  }
  std::string_view key;
  if (!rule.match.matches(flow, &key)) {
    answer.why = mismatch(rule, flow, key);
    return answer;
  }
  if (messages) {
    answer.why = other_message(rule, question);
    if (!answer.why.empty()) return answer;
  }
  // The question contains the number of a connection. A rule that counts messages cannot be
  // compared with that number.
  const bool numbered = !messages || rule.match.count;
  if (numbered && !rule.match.ordinals().contains(question.flow.ordinal)) {
    answer.why = std::string(counted(rule, flow)) + " " + std::to_string(question.flow.ordinal) +
                 " is not selected; " + counts_text(rule, flow);
    return answer;
  }
  answer.why = off_schedule(rule, question.at);
  if (!answer.why.empty()) return answer;
  answer.acts = true;
  if (rule.kind->level == Level::kFirewall) {
    answer.why = "it changes the lines of the [[firewall]]";
    return answer;
  }
  answer = thrown(rule, question, flow, std::move(answer));
  if (messages && rule.match.is_for_messages() && !question.message) {
    answer.why +=
        "; to check a message, give " + message_options_text(rule, flow.message_protocols);
  }
  if (rule.match.ordinals().any()) answer.why += "; " + counts_text(rule, flow);
  if (answer.acts) answer.why += connect_text(rule, question);
  return answer;
}

Explanation explain_rule(const Rule& rule, const Question& question) {
  auto answer = explain_effect(rule, question);
  if (!rule.figure.empty()) answer.why += "; " + rule.figure;
  return answer;
}

}  // namespace

std::vector<Explanation> explain(const Config& config, const Question& question) {
  std::vector<Explanation> answers;
  const auto set = RuleSet::activate(config.rules, question.seed.value_or(0), Instant{});
  auto rule = set->rules().begin();
  for (const auto& draft : config.rules) {
    if (!draft.enabled) {
      answers.push_back({draft.name, false, std::string(draft.kind->name), "it is disabled"});
      continue;
    }
    answers.push_back((*rule)->kind == &kFirewallKind ? explain_firewall(*rule, question)
                                                      : explain_rule(**rule, question));
    ++rule;
  }
  return answers;
}

std::vector<Explanation> explain(const RuleSet& live, const Question& question, Instant now) {
  std::vector<Explanation> answers;
  for (const auto& rule : live.rules()) {
    auto asked = question;
    asked.at = now - Instant{};
    if (rule->kind == &kFirewallKind) {
      answers.push_back(explain_firewall(rule, asked));
      continue;
    }
    asked.at = now - rule->began;
    // The random number of the next connection is unknown. With per = "client" the number depends
    // only on the client, so it is known.
    asked.seed = rule->per == Per::kClient ? std::optional(rule->seed) : std::nullopt;
    if (rule->match.count_per == CountPer::kRule) {
      asked.flow.ordinal = rule->state->arrivals.count() + 1;
    }
    auto loaded_now = *rule;
    loaded_now.began = Instant{};
    answers.push_back(explain_rule(loaded_now, asked));
  }
  return answers;
}

}  // namespace brownout::rules
