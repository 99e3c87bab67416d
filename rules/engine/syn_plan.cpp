#include "rules/engine/syn_plan.h"

#include <algorithm>

#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

// The probability of a ramp rises in this many steps, since each step needs a new kernel filter.
constexpr int kRampSteps = 50;
constexpr Duration kShortestStep = std::chrono::milliseconds(10);

bool names_server(const Match& match) { return match.is_for_server() || !match.host.empty(); }

// Whether the keys `destination`, `port` and `host` can be evaluated for a SYN: from its original
// destination, or because the listener has only one server.
bool knows_server(const Match& match, const SynListener& listener, SynSight sight) {
  if (!names_server(match) || sight == SynSight::kDestination) return true;
  return match.host.empty() && listener.server;
}

// Returns which addresses the rule can use: the addresses that nftables sees if the rule rejects
// SYNs, else the addresses that the filter sees.
SynSight sight_for(const Rule& rule, const SynListener& listener) {
  return rule.fault->answers_syns() ? listener.packets : listener.sight;
}

bool leads_to(const std::vector<Prefix>& destination, const std::vector<PortRange>& port,
              const AddressPort& server) {
  return (destination.empty() || any_contains(destination, server.address)) &&
         (port.empty() || any_has(port, server.port));
}

void change_at(SynPlan& plan, Instant at) { plan.next = std::min(plan.next, at); }

// Returns the rule's intensity now, from 0 to 1, and stores in `plan` when it changes.
double strength(const Rule& rule, Instant now, SynPlan& plan) {
  const Window window = rule.schedule.window(rule.began, now);
  if (window.open > now) change_at(plan, window.open);
  if (window.close > now) change_at(plan, window.close);
  if (!window.contains(now)) return 0;
  if (rule.kind->ramp != Ramp::kProbability) return 1;
  const double level = rule.schedule.intensity(rule.began, now);
  if (level < 1)
    change_at(plan, later(now, std::max(kShortestStep, rule.schedule.ramp / kRampSteps)));
  return level;
}

void add_rule(const RuleRef& rule, const SynListener& listener, Instant now,
              const AddressesOf& addresses, SynPlan& plan) {
  if (!why_syns_pass(*rule, listener).empty()) return;
  const double level = strength(*rule, now, plan);
  // During a ramp, only faults that are made for SYNs (FaultKind::on_syn, such as syn_loss) act on
  // SYNs. All other faults draw a number for each connection after it is accepted.
  if (level <= 0 || (level < 1 && !rule->kind->on_syn)) return;
  const auto& match = rule->match;
  SynClause clause{.client = match.client, .draw = syn_draw(*rule, level)};
  if (clause.draw.probability.parts_per_billion == 0) return;
  if (sight_for(*rule, listener) == SynSight::kDestination) {
    clause.destination = match.destination;
    clause.port = match.port;
  } else if (match.is_for_server() && !leads_to(match.destination, match.port, *listener.server)) {
    return;
  }
  if (!match.host.empty()) {
    plan.uses_names = true;
    clause.named = addresses(match.host);
    for (const auto& host : match.host) {
      if (const auto ip = IpAddress::parse(host.text())) clause.named->push_back({*ip, 128});
    }
  }
  plan.rules.push_back({rule, {std::move(clause)}, rule->fault->answers_syns()});
}

// Returns the line as a clause; nothing if it matches no SYN of the listener. A line that cannot be
// decided from a SYN lets it pass: the firewall decides again when the server is known.
std::optional<SynClause> clause_of(const FirewallLine& line, const SynListener& listener) {
  if (line.state == PacketState::kEstablished || line.protocol == Transport::kUdp) return {};
  const auto& names = line.listener;
  if (!names.empty() && std::find(names.begin(), names.end(), listener.name) == names.end())
    return {};
  SynClause clause{.loses = line.action == FirewallAction::kDrop};
  if (listener.proxy_header) {
    const bool unknown = !line.source.empty() || !line.source_port.empty() || line.family;
    clause.loses = clause.loses && !unknown;
  } else {
    if (line.family) clause.v4 = line.family == IpFamily::kIpv4;
    clause.client = line.source;
    clause.client_port = line.source_port;
  }
  if (listener.sight == SynSight::kDestination) {
    clause.destination = line.destination;
    clause.port = line.port;
  } else if (listener.server) {
    if (!leads_to(line.destination, line.port, *listener.server)) return {};
  } else if (!line.destination.empty() || !line.port.empty()) {
    clause.loses = false;
  }
  return clause;
}

void add_firewall(const RuleRef& rule, const SynListener& listener, Instant now, SynPlan& plan) {
  const auto& timeline = static_cast<const FirewallFault&>(*rule->fault).timeline();
  change_at(plan, timeline.next_change(now));
  auto list = firewall_syns(rule, listener, now);
  const bool any = std::any_of(list.clauses.begin(), list.clauses.end(),
                               [](const auto& clause) { return clause.loses; });
  if (any) plan.rules.push_back(std::move(list));
}

bool matches(const SynClause& clause, const SynFacts& syn) {
  if (clause.v4 && *clause.v4 != syn.client.is_v4()) return false;
  if (!clause.client.empty() && !any_contains(clause.client, syn.client)) return false;
  if (!clause.client_port.empty() && !any_has(clause.client_port, syn.client_port)) return false;
  if (!clause.destination.empty() && !any_contains(clause.destination, syn.destination))
    return false;
  if (clause.named && !any_contains(*clause.named, syn.destination)) return false;
  if (!clause.port.empty() && !any_has(clause.port, syn.port)) return false;
  const auto threshold = syn_threshold(clause.draw);
  return !threshold || syn_number(clause.draw, syn) < *threshold;
}

std::uint32_t shifted(std::uint32_t number, int bits) { return number ^ (number >> bits); }

}  // namespace

SynPlan plan_syns(const RuleSet& set, const SynListener& listener, Instant now,
                  const AddressesOf& addresses) {
  SynPlan plan;
  if (listener.sight == SynSight::kNone && listener.packets == SynSight::kNone) return plan;
  set.for_each_losing_syns(listener.name, [&](const RuleRef& rule) {
    if ((rule->kind->carriers & listener.carriers).empty()) return;
    if (rule->kind == &kFirewallKind) {
      add_firewall(rule, listener, now, plan);
    } else {
      add_rule(rule, listener, now, addresses, plan);
    }
  });
  return plan;
}

SynRule firewall_syns(const RuleRef& rule, const SynListener& listener, Instant now) {
  SynRule list{rule, {}};
  if (listener.sight == SynSight::kNone) return list;
  const auto& timeline = static_cast<const FirewallFault&>(*rule->fault).timeline();
  const auto& firewall = timeline.at(now).firewall;
  for (const auto& line : firewall.rules) {
    if (auto clause = clause_of(line, listener)) list.clauses.push_back(std::move(*clause));
  }
  if (firewall.policy == FirewallAction::kDrop) list.clauses.push_back({});
  return list;
}

std::string_view why_syns_pass(const Rule& rule, const SynListener& listener) {
  const auto& match = rule.match;
  const auto sight = sight_for(rule, listener);
  if (sight == SynSight::kNone) {
    return rule.fault->answers_syns() ? "nftables cannot be used here"
                                      : "Brownout cannot discard SYN packets of this listener";
  }
  if (match.ordinals().any()) return "first, after and every count only accepted connections";
  if (match.is_for_tls() || match.is_for_http() || match.is_for_dns() || match.is_for_messages())
    return "a SYN packet contains no handshake, request or message to match";
  if (match.direction != DirectionChoice::kBoth) return "the rule acts in one direction only";
  if (!match.except.empty()) return "SYN packets cannot be matched by `not`";
  if (!match.source_port.empty()) return "SYN packets cannot be matched by `source_port`";
  if (match.is_for_node()) return "SYN packets cannot be matched by `node`";
  if (listener.proxy_header && !match.client.empty())
    return "the client's address is in the PROXY header, which follows the SYN packet";
  if (!knows_server(match, listener, sight)) {
    return "a SYN packet shows the server only in `exec` and with intercept = \"tproxy\"";
  }
  const bool drawn = rule.probability.parts_per_billion < Ratio::kOne;
  if (drawn && !rule.kind->on_syn) return "the probability is drawn only for accepted connections";
  return {};
}

bool loses_every_syn(const Rule& rule, const SynListener& listener) {
  const bool some = !rule.match.client.empty() || !rule.match.host.empty() ||
                    (rule.match.is_for_server() && !listener.server);
  return why_syns_pass(rule, listener).empty() && listener.reachable && !some &&
         rule.probability.parts_per_billion >= Ratio::kOne;
}

bool decided_by_syn(const Rule& rule, const FlowFacts& flow) {
  if (!rule.kind->on_syn) return false;
  const auto needed = names_server(rule.match) ? SynSight::kDestination : SynSight::kClient;
  return (rule.fault->answers_syns() ? flow.packet_sight : flow.syn_sight) >= needed;
}

const SynRule* losing(std::span<const SynRule> rules, const SynFacts& syn) {
  for (const auto& rule : rules) {
    const auto first = std::find_if(rule.clauses.begin(), rule.clauses.end(),
                                    [&](const auto& clause) { return matches(clause, syn); });
    if (first != rule.clauses.end() && first->loses) return &rule;
  }
  return nullptr;
}

bool loses_all(const SynRule& rule) {
  if (rule.clauses.empty() || rule.answer) return false;
  const auto& first = rule.clauses.front();
  const bool some = first.v4 || !first.client.empty() || !first.client_port.empty() ||
                    !first.destination.empty() || first.named || !first.port.empty();
  return first.loses && !some && !syn_threshold(first.draw);
}

bool loses_all(std::span<const SynRule> rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const SynRule& rule) { return loses_all(rule); });
}

SynDraw syn_draw(const Rule& rule, double intensity) {
  const auto per = rule.per == Per::kClient  ? SynDraw::Per::kClient
                   : rule.per == Per::kChunk ? SynDraw::Per::kSegment
                                             : SynDraw::Per::kConnection;
  const auto seed = static_cast<std::uint32_t>(Dice(rule.seed, rule.dice_key, 0).bits(0));
  const auto probability =
      intensity >= 1 ? rule.probability : Ratio::of(rule.probability.share() * intensity);
  return {per, probability, seed};
}

std::uint32_t syn_number(const SynDraw& draw, const SynFacts& syn) {
  if (draw.per == SynDraw::Per::kSegment) return syn.random;
  auto hash = draw.seed;
  const auto take = [&](std::uint32_t number) {
    hash = shifted((hash ^ number) * SynHash::kStep, SynHash::kStepShift);
  };
  for (std::size_t i = 0; i < syn.client.bytes.size(); i += 4) {
    std::uint32_t number = 0;
    for (std::size_t j = i; j < i + 4; ++j) number = number << 8 | syn.client.bytes.at(j);
    take(number);
  }
  if (draw.per == SynDraw::Per::kConnection) {
    take(syn.client_port);
    take(syn.sequence);
  }
  hash = shifted(hash * SynHash::kFirst, SynHash::kFirstShift);
  return shifted(hash * SynHash::kSecond, SynHash::kSecondShift);
}

std::optional<std::uint32_t> syn_threshold(const SynDraw& draw) {
  const auto parts = draw.probability.parts_per_billion;
  if (parts >= Ratio::kOne) return std::nullopt;
  return static_cast<std::uint32_t>((parts << 32) / Ratio::kOne);
}

}  // namespace brownout::rules
