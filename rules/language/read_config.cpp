// Reads a document into a Config. This includes the keys of the document and of a rule, and every
// check that involves several keys.
#include <algorithm>
#include <set>
#include <unordered_set>

#include "rules/engine/firewall_fault.h"
#include "rules/language/check_fit.h"
#include "rules/language/check_listener.h"
#include "rules/language/default_per.h"
#include "rules/language/document_schema.h"
#include "rules/language/each_table.h"
#include "rules/language/listen_addresses.h"
#include "rules/language/load_toml.h"
#include "rules/language/misplaced_keys.h"
#include "rules/language/presets.h"
#include "rules/language/read_schedule.h"
#include "rules/language/rule_nodes.h"

namespace brownout::rules {
namespace {

class ConfigReader {
 public:
  explicit ConfigReader(Diagnostics& problems) : problems_(problems) {}

  Config read(const Node& document) {
    const auto keys = document_schema().read(document, "the file", problems_);
    // In a file without listeners, that is the only error to report: errors of rules that fit no
    // listener would not help.
    any_listener_ = keys.listeners != nullptr;
    if (keys.seed) config_.seed = static_cast<std::uint64_t>(*keys.seed);
    for_each_table(keys.upstreams, "upstream", problems_,
                   [&](const Node& node) { read_upstream(node); });
    for_each_table(keys.zones, "zone", problems_, [&](const Node& node) { read_zone(node); });
    for_each_table(keys.listeners, "listener", problems_,
                   [&](const Node& node) { read_listener(node); });
    for_each_table(keys.firewalls, "firewall", problems_,
                   [&](const Node& node) { read_firewall(node); });
    for_each_table(keys.rules, "rule", problems_, [&](const Node& node) { read_rule(node); });
    if (keys.rehearsal.any()) read_rehearsal(keys);
    return std::move(config_);
  }

 private:
  void read_upstream(const Node& node) {
    auto upstream = upstream_schema().read(node, "[[upstream]]", problems_);
    claim_name(node, "upstream", upstream.name, upstream_names_);
    if (upstream.tls) {
      check_pair(position_of(node, "tls"), upstream.tls->certificate, upstream.tls->key, problems_);
    }
    config_.upstreams.push_back(std::move(upstream));
  }

  void read_listener(const Node& node) {
    auto listener = listener_schema().read(node, "[[listener]]", problems_);
    claim_name(node, "listener", listener.name, listener_names_);
    if (const auto* upstream = node.find("upstream")) read_direct(*upstream, listener.upstream);
    refer(node.find("zone"), "zone", zone_names_);
    // Nothing else can be checked in a listener without a known protocol.
    const auto* protocol = node.find("protocol");
    const bool known = protocol == nullptr || ValueKind<Protocol>::read(*protocol);
    if (known) ListenerCheck(node, listener, config_.upstreams, problems_).run();
    if (!known) without_protocol_.insert(listener.name);
    // The error of the TLS settings has been reported. Keeps the TLS settings, so that rules do not
    // also get errors about a listener without TLS.
    const bool meant = listener.upstream_tls && listener.knows_destination();
    if (meant && !listener.tls) listener.tls.emplace();
    addresses_.claim(node, listener, problems_);
    follow_brokers(listener);
    config_.listeners.push_back(std::move(listener));
  }

  // Reads an upstream given as addresses in a [[listener]]. They become an upstream group with
  // their text as its name. Listeners with the same addresses share the group.
  void read_direct(const Node& node, const std::string& name) {
    if (name.empty() || upstream_names_.contains(name)) return;
    // A text with a colon is treated as an address, although names may contain any character.
    const auto* text = node.string();
    const bool address = text != nullptr && (parse_endpoint(*text).has_value() ||
                                             text->find(':') != std::string::npos);
    if (node.array() == nullptr && !address) {
      return refer(&node, "upstream", upstream_names_);
    }
    Upstream upstream;
    upstream.name = name;
    const auto servers = detail::read_value<std::vector<Endpoint>>("upstream", node, {}, problems_);
    if (servers) upstream.servers = *servers;
    upstream_names_.insert(name);
    config_.upstreams.push_back(std::move(upstream));
  }

  void read_zone(const Node& node) {
    auto zone = zone_schema().read(node, "[[zone]]", problems_);
    claim_name(node, "zone", zone.name, zone_names_);
    config_.zones.push_back(std::move(zone));
  }

  void read_firewall(const Node& node) {
    const auto before = problems_.size();
    auto firewall = firewall_schema().read(node, "[[firewall]]", problems_);
    claim_name(node, "firewall", firewall.name, firewall_names_);
    refer_all(node.find("listener"), "listener", listener_names_);
    const Node* lines = node.find("rules");
    if (lines != nullptr && lines->array() != nullptr) {
      for (const auto& line : *lines->array()) {
        refer_all(line.find("listener"), "listener", listener_names_);
      }
    }
    if (problems_.size() != before) return;
    rule_names_.insert(firewall.name);
    add_rule(firewall_rule(firewall, node.where, "[[firewall]] " + canonical(node)), firewall.name);
  }

  void read_rehearsal(const Document& keys) {
    ScenarioSurroundings around;
    for (const auto& name : rule_names_) around.rules.push_back(name);
    for (const auto& rule : config_.rules) {
      if (rule.fault->punishes()) around.punishing.push_back(rule.name);
    }
    for (const auto& listener : config_.listeners) {
      around.listeners.push_back(listener.name);
      if (!listener.protocol.knows_requests() && !without_protocol_.contains(listener.name))
        around.without_requests.push_back(listener.name);
    }
    std::sort(around.rules.begin(), around.rules.end());
    around.change = [&](std::string_view rule, const Node& fault) {
      return change_rule(keys.rules, rule, fault);
    };
    config_.scenario = read_scenario(keys.rehearsal, around, problems_);
    const auto& seed = config_.scenario->seed;
    if (seed && keys.seed) {
      problems_.add(position_of(*keys.rehearsal.scenario, "seed"),
                    "seed is given twice: at the top of the file and in [scenario]",
                    "leave one of them out");
    }
    if (seed) config_.seed = static_cast<std::uint64_t>(*seed);
  }

  // Reads the rule `name` again, with the keys of `fault` in its fault. Returns several rules if
  // the rule has a preset, and no rules if the name is unknown.
  std::vector<Rule> change_rule(const Node* rules, std::string_view name, const Node& fault) {
    if (rules == nullptr || rules->array() == nullptr) return {};
    for (const auto& node : *rules->array()) {
      const Node* own = node.find("name");
      if (own == nullptr || own->string() == nullptr || *own->string() != name) continue;
      Diagnostics problems;
      ConfigReader other(problems);
      other.config_.listeners = config_.listeners;
      other.listener_names_ = listener_names_;
      other.any_listener_ = any_listener_;
      other.without_protocol_ = without_protocol_;
      other.firewall_names_ = firewall_names_;
      other.read_rule(with_fault(node, fault));
      for (const auto& problem : problems.sorted()) {
        problems_.add(fault.where, problem.what, problem.hint);
      }
      return std::move(other.config_.rules);
    }
    return {};
  }

  // Whether the protocols of the listeners that the match selects are known.
  bool knows_listeners_of(const Match& match) const {
    return any_listener_ && std::none_of(config_.listeners.begin(), config_.listeners.end(),
                                         [&](const Listener& listener) {
                                           return without_protocol_.contains(listener.name) &&
                                                  match.selects_listener(listener.name);
                                         });
  }

  // Whether a listener that the match selects has HTTP requests.
  bool means_requests(const Match& match) const {
    return std::any_of(config_.listeners.begin(), config_.listeners.end(),
                       [&](const Listener& listener) {
                         return match.selects_listener(listener.name) &&
                                (listener.protocol.has_requests() ||
                                 (listener.decrypts() && listener.inside().has_requests()));
                       });
  }

  void check_counts(const Node& rule, const Match& match) {
    const Node* keys = rule.find("match");
    if (keys == nullptr) return;
    const auto* once = keys->find("once");
    if (once != nullptr && keys->find("first") != nullptr) {
      problems_.add(once->where, "once and first exclude each other",
                    "once = true means first = 1: leave one out");
    }
    const auto* per = keys->find("count_per");
    if (per != nullptr && match.count == Count::kClient && match.count_per == CountPer::kClient) {
      problems_.add(per->where, "count = \"client\" and count_per = \"client\" exclude each other",
                    "leave count_per out: first = 2 then means two clients");
    }
    for (const auto& [key, value] : {std::pair{"count", "connection"}, {"count_per", "client"}}) {
      const auto* count = keys->find(key);
      if (count == nullptr || match.ordinals().any()) continue;
      problems_.add(count->where,
                    std::string(key) + " has no effect without first, after, every or once",
                    "add one of them, e.g. match = { after = 2, once = true, " + std::string(key) +
                        " = " + in_quotes(value) + " }");
    }
  }

  void read_rule(const Node& node) {
    const Node* preset = node.find("preset");
    const auto* name = preset != nullptr ? preset->string() : nullptr;
    const auto* keys = name != nullptr ? find_rule_preset(*name) : nullptr;
    if (keys == nullptr || node.find("fault") != nullptr) return read_rule(node, nullptr);
    read_rule(with_keys_of(*keys, node, preset->where), keys);
  }

  // `preset` is the one whose keys `node` has; null if there is none.
  void read_rule(const Node& node, const RulePreset* preset) {
    const auto before = problems_.size();
    RuleKeys keys = rule_schema().read(node, "[[rule]]", problems_);
    check_listeners(node);
    if (node.table() == nullptr) return;
    if (keys.name) claim_name(node, "rule", *keys.name, rule_names_);
    check_counts(node, keys.match);
    Rule rule;
    rule.match = keys.match;
    rule.match.settle_shared_keys(means_requests(rule.match));
    rule.probability = keys.probability;
    rule.per = keys.per;
    rule.schedule = read_schedule(node, keys, problems_);
    rule.max_active_faults = keys.max_active_faults;
    rule.may_miss = keys.may_miss;
    rule.enabled = keys.enabled;
    rule.where = node.where;
    rule.definition = canonical(node);
    if (preset != nullptr) rule.figure = figure_text(*preset);
    if ((keys.fault != nullptr) == keys.preset.has_value()) {
      problems_.add(node.where,
                    keys.preset ? "[[rule]] has both preset and fault" : "[[rule]] needs \"fault\"",
                    R"(fault = { type = "latency", delay = "300ms" }, or preset = "3g")");
      return;
    }
    if (keys.preset) return read_preset(node, keys, std::move(rule));
    const FaultKind* kind = read_fault_type(*keys.fault);
    if (kind == nullptr) return;
    rule.name = keys.name.value_or("");
    rule.kind = kind;
    if (node.find("per") == nullptr) {
      rule.per = default_per(*kind, rule.match, config_.listeners);
    }
    if (kind->level == Level::kFirewall) check_starts_once(node, rule.schedule, problems_);
    rule.fault = kind->compile(without_keys_of_rule(*keys.fault, *kind, problems_), problems_);
    refer(keys.fault->find("firewall"), "firewall", firewall_names_);
    if (knows_listeners_of(rule.match)) {
      const auto type = position_of(*keys.fault, "type");
      const FitCheck check(node, rule, config_.listeners, problems_);
      preset != nullptr ? check.run(*preset, type) : check.run(type);
    }
    const auto dice_name = rule.name;
    if (problems_.size() == before) add_rule(std::move(rule), dice_name);
  }

  void read_preset(const Node& node, const RuleKeys& keys, Rule rule) {
    const auto where = position_of(node, "preset");
    const Preset* preset = find_preset(*keys.preset);
    if (preset == nullptr) {
      problems_.add(where, "unknown preset " + in_quotes(*keys.preset),
                    suggest(*keys.preset, preset_names()));
      return;
    }
    if (rule.match.direction != DirectionChoice::kBoth) {
      problems_.add(position_of(*node.find("match"), "direction"),
                    "a preset acts in both directions, so direction does not fit",
                    "leave direction out");
    }
    if (rule.per == Per::kChunk) {
      problems_.add(position_of(node, "per"), "per = \"chunk\" does not fit a preset",
                    "use per = \"connection\", \"client\" or \"second\"");
    }
    const auto name = keys.name.value_or("");
    const auto parts = expand(*preset, where);
    for (const auto& part : parts) {
      Rule expanded = rule;
      expanded.name = name + part.suffix;
      expanded.match.direction = part.direction;
      expanded.kind = read_fault_type(part.fault);
      expanded.fault = expanded.kind->compile(part.fault, problems_);
      expanded.figure = part.figure;
      expanded.definition += part.suffix;
      if (part.of_dns) select_dns(expanded.match);
      if (knows_listeners_of(expanded.match) && &part == &parts.front())
        FitCheck(node, expanded, config_.listeners, problems_).check_preset(*keys.preset, where);
      add_rule(std::move(expanded), name);
    }
  }

  void add_rule(Rule rule, const std::string& dice_name) {
    rule.notes = problems_.take_notes();
    rule.dice_key = key_of(dice_name);
    rule.stage_key = key_of(rule.name);
    config_.rules.push_back(std::move(rule));
  }

  const FaultKind* read_fault_type(const Node& fault) {
    const Node* type = fault.find("type");
    if (fault.array() != nullptr) {
      problems_.add(fault.where, "fault is a list, but a rule has exactly one fault",
                    "write a [[rule]] for each fault");
      return nullptr;
    }
    if (type == nullptr || type->string() == nullptr) {
      problems_.add(type != nullptr ? type->where : fault.where, "fault needs \"type\"",
                    how_to_name_a_fault(fault));
      return nullptr;
    }
    const auto& name = *type->string();
    const FaultKind* kind = find_fault(name);
    if (kind != nullptr) return kind;
    if (name == "preset") {
      problems_.add(type->where, "preset is not the type of a fault", how_to_name_a_fault(fault));
      return nullptr;
    }
    std::vector<std::string_view> names;
    for (const auto* known : all_faults()) names.push_back(known->name);
    const auto here = aliased_fault(name);
    problems_.add(type->where, "unknown fault " + in_quotes(name),
                  here.empty() ? suggest(name, names) : "Brownout calls it " + in_quotes(here));
    return nullptr;
  }

  void check_listeners(const Node& rule) {
    const Node* match = rule.find("match");
    const Node* names = match != nullptr ? match->find("listener") : nullptr;
    refer_all(names, "listener", listener_names_);
    const Node* except = match != nullptr ? match->find("not") : nullptr;
    if (except == nullptr) return;
    refer_all(except->find("listener"), "listener", listener_names_);
    if (except->array() == nullptr) return;
    for (const auto& table : *except->array()) {
      refer_all(table.find("listener"), "listener", listener_names_);
    }
  }

  // Reports names that do not exist. `list` is one name or a list of names.
  void refer_all(const Node* list, std::string_view kind,
                 const std::unordered_set<std::string>& names) {
    if (list == nullptr || list->array() == nullptr) return refer(list, kind, names);
    for (const auto& name : *list->array()) refer(&name, kind, names);
  }

  void refer(const Node* reference, std::string_view kind,
             const std::unordered_set<std::string>& names) {
    if (reference == nullptr || reference->string() == nullptr) return;
    const auto& name = *reference->string();
    if (names.contains(name)) return;
    if (&names == &listener_names_ && !any_listener_) return;
    std::vector<std::string_view> sorted(names.begin(), names.end());
    std::sort(sorted.begin(), sorted.end());
    problems_.add(reference->where, "there is no " + std::string(kind) + " " + in_quotes(name),
                  sorted.empty()
                      ? "add a [[" + std::string(kind) + "]] with name = " + in_quotes(name)
                      : suggest(name, sorted));
  }

  void claim_name(const Node& node, std::string_view kind, const std::string& name,
                  std::unordered_set<std::string>& names) {
    if (name.empty() || names.insert(name).second) return;
    problems_.add(position_of(node, "name"),
                  "there is already " + std::string(kind == "upstream" ? "an " : "a ") +
                      std::string(kind) + " " + in_quotes(name),
                  "rename one of the two");
  }

  Diagnostics& problems_;
  Config config_;
  bool any_listener_ = true;
  std::unordered_set<std::string> without_protocol_;  // listeners whose protocol is unknown
  std::unordered_set<std::string> upstream_names_;
  std::unordered_set<std::string> zone_names_;
  std::unordered_set<std::string> firewall_names_;
  std::unordered_set<std::string> listener_names_;
  std::unordered_set<std::string> rule_names_;
  ListenAddresses addresses_;
};

}  // namespace

tl::expected<Config, Diagnostics> read_config(const Node& document) {
  Diagnostics problems;
  auto config = read_config(document, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return config;
}

Config read_config(const Node& document, Diagnostics& problems) {
  return with_shared_names(ConfigReader(problems).read(document));
}

}  // namespace brownout::rules
