// brownout firewall import: converts a real firewall's filter rules to a [[firewall]] table.
// brownout firewall diff: shows which recorded flows a change of rules would break.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/firewall_import.h"
#include "proxy/formats/flow_record.h"
#include "proxy/formats/json_text.h"
#include "rules/base/terminal_text.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::cli {
namespace {

using rules::Direction;
using rules::Firewall;
using rules::FirewallAction;
using rules::FirewallDecision;
using rules::PacketState;

void complain_of(const std::string& path, const rules::Error& error) {
  fmt::print(stderr, "{}: error: {}{}{}\n", path, error.what, error.hint.empty() ? "" : "; ",
             error.hint);
}

std::optional<codecs::ImportedFirewall> import(const std::string& path, const std::string& chain) {
  const auto text = read_text(path);
  if (!text) return std::nullopt;
  auto imported = codecs::import_firewall(*text, chain);
  if (imported) return std::move(*imported);
  complain_of(path, imported.error());
  return std::nullopt;
}

// Loads firewalls. A file whose name ends with .toml is a rule file. Any other file is a ruleset of
// a real firewall, and is imported.
std::optional<std::vector<Firewall>> load_firewalls(const std::string& path,
                                                    const std::string& chain) {
  if (!path.ends_with(".toml")) {
    const auto imported = import(path, chain);
    if (!imported) return std::nullopt;
    for (const auto& rule : imported->left_out) {
      fmt::print(stderr, "{}: a rule is left out of the comparison: {}: {}\n", path, rule.why,
                 rules::printable(rule.text));
    }
    return std::vector{imported->firewall};
  }
  const auto config = load(path);
  if (!config) return std::nullopt;
  std::vector<Firewall> firewalls;
  for (const auto& rule : config->rules) {
    if (rule.kind != &rules::kFirewallKind) continue;
    firewalls.push_back(static_cast<const rules::FirewallFault&>(*rule.fault).timeline().correct());
  }
  if (!firewalls.empty()) return firewalls;
  fmt::print(stderr,
             "{}: error: the rule file has no [[firewall]] to compare; add one, or give the output "
             "of `nft -j list ruleset` or `iptables-save`\n",
             path);
  return std::nullopt;
}

// The decision of the firewalls on a flow, and its reason. A flow is stopped at its first packet,
// or at later packets of either direction.
struct Verdict {
  FirewallAction action = FirewallAction::kAccept;
  std::string why;
};
Verdict judge(const std::vector<Firewall>& firewalls, const rules::FlowFacts& flow) {
  constexpr std::array kPackets{std::pair{Direction::kUpstream, PacketState::kNew},
                                std::pair{Direction::kUpstream, PacketState::kEstablished},
                                std::pair{Direction::kDownstream, PacketState::kEstablished}};
  Verdict verdict{FirewallAction::kAccept, "accept"};
  for (const auto& [direction, state] : kPackets) {
    for (const auto& firewall : firewalls) {
      const auto decision = firewall.decide(rules::packet_of(flow, direction, state));
      const auto why = to_text(firewall, decision);
      if (decision.action != FirewallAction::kAccept) {
        const auto* part = state == PacketState::kNew          ? ""
                           : direction == Direction::kUpstream ? "established packets, "
                                                               : "replies, ";
        return {decision.action, part + why};
      }
      if (state == PacketState::kNew) verdict.why = why;
    }
  }
  return verdict;
}

std::string flow_text(const rules::FlowFacts& flow) {
  const auto end = [](const auto& address, std::uint16_t port) {
    return address ? to_text(*address, port) : std::string("?");
  };
  return fmt::format("{} -> {} {}{}", end(flow.client, flow.client_port),
                     end(flow.destination, flow.destination_port),
                     flow.carrier == rules::Carrier::kDatagram ? "udp" : "tcp",
                     flow.listener.empty() ? "" : " (" + flow.listener + ")");
}

std::optional<std::vector<rules::FlowFacts>> read_flows(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return std::nullopt;
  std::vector<rules::FlowFacts> flows;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos || codecs::is_lost_syns(line))
      continue;
    auto flow = codecs::read_flow(line);
    if (!flow) {
      complain_of(fmt::format("{}:{}", path, number), flow.error());
      return std::nullopt;
    }
    flows.push_back(std::move(*flow));
  }
  return flows;
}

struct FlowChange {
  std::string flow;
  std::string was;
  std::string is;
};
struct FlowChanges {
  std::size_t all = 0;
  std::vector<FlowChange> broken = {};
  std::vector<FlowChange> opened = {};
};

void print_change(std::string_view how, const rules::FlowFacts& flow, const Verdict& was,
                  const Verdict& is) {
  fmt::print("{} {}\n    was  {}\n    is   {}\n", how, flow_text(flow), was.why, is.why);
}

void print_sum(const FlowChanges& changes, bool as_json) {
  const auto same = changes.all - changes.broken.size() - changes.opened.size();
  if (!as_json) {
    fmt::print("{}: {} would break, {} would be let in, {} would not change\n",
               rules::count_of(changes.all, "flow"), changes.broken.size(), changes.opened.size(),
               same);
    return;
  }
  const auto list = [](const std::vector<FlowChange>& flows) {
    auto array = nlohmann::ordered_json::array();
    for (const auto& flow : flows) {
      array.push_back({{"flow", flow.flow}, {"was", flow.was}, {"is", flow.is}});
    }
    return array;
  };
  const nlohmann::ordered_json report{{"flows", changes.all},
                                      {"unchanged", same},
                                      {"breaks", list(changes.broken)},
                                      {"opens", list(changes.opened)}};
  fmt::print("{}\n", codecs::json_text(report, 1));
}

nlohmann::ordered_json import_json(const codecs::ImportedFirewall& imported) {
  nlohmann::ordered_json json{{"firewall", imported.firewall.name},
                              {"lines", imported.firewall.rules.size()},
                              {"toml", rules::to_toml(imported.firewall)},
                              {"left_out", nlohmann::ordered_json::array()},
                              {"other_chains", imported.other_chains}};
  for (const auto& rule : imported.left_out) {
    json["left_out"].push_back({{"rule", rule.text}, {"why", rule.why}});
  }
  return json;
}

}  // namespace

int firewall_import(const FirewallImportOptions& options) {
  auto imported = import(options.path, options.chain);
  if (!imported) return kBadInput;
  if (!options.name.empty()) imported->firewall.name = options.name;
  if (options.output == "json") {
    fmt::print("{}\n", codecs::json_text(import_json(*imported), 1));
    return 0;
  }
  for (const auto& rule : imported->left_out) {
    const auto line = rules::printable(fmt::format("not imported: {}: {}", rule.why, rule.text));
    fmt::print("# {}\n", line);
    fmt::print(stderr, "{}: {}\n", options.path, line);
  }
  fmt::print("{}", rules::to_toml(imported->firewall));
  fmt::print(stderr, "{}: imported {} into the firewall {}; left out {}\n", options.path,
             rules::count_of(imported->firewall.rules.size(), "line"), imported->firewall.name,
             rules::count_of(imported->left_out.size(), "rule"));
  for (const auto& name : imported->other_chains) {
    fmt::print(stderr, "{}: the ruleset has another chain with a hook; --chain {} imports it\n",
               options.path, rules::in_quotes(name));
  }
  return 0;
}

int firewall_diff(const FirewallDiffOptions& options) {
  const auto before = load_firewalls(options.before, options.chain);
  const auto after = load_firewalls(options.after, options.chain);
  const auto flows = read_flows(options.flows);
  if (!before || !after || !flows) return kBadInput;
  FlowChanges changes{.all = flows->size()};
  for (const auto& flow : *flows) {
    const auto was = judge(*before, flow);
    const auto is = judge(*after, flow);
    const bool passed = was.action == FirewallAction::kAccept;
    const bool passes = is.action == FirewallAction::kAccept;
    if (passed == passes) continue;
    (passed ? changes.broken : changes.opened).push_back({flow_text(flow), was.why, is.why});
    if (options.output != "json") print_change(passed ? "breaks" : "opens ", flow, was, is);
  }
  print_sum(changes, options.output == "json");
  return changes.broken.empty() ? 0 : kFailed;
}

}  // namespace brownout::cli
