#include "rules/rehearsal/read_scenario.h"

#include <algorithm>
#include <array>
#include <set>

#include "rules/base/list_text.h"
#include "rules/engine/fault.h"
#include "rules/match/protocol.h"
#include "rules/rehearsal/check_grpc_user.h"
#include "rules/rehearsal/probe_keys.h"
#include "rules/rehearsal/scenario_schema.h"

namespace brownout::rules {
namespace {

class Reader {
 public:
  Reader(const ScenarioTables& tables, const ScenarioSurroundings& around, Diagnostics& problems)
      : tables_(tables), around_(around), problems_(problems) {}

  Scenario read() {
    if (tables_.scenario == nullptr) {
      problems_.add({1, 1}, "a rehearsal needs [scenario]", "[scenario]\nname = \"...\"");
    } else {
      auto keys = scenario_schema().read(*tables_.scenario, "[scenario]", problems_);
      keys.time_scale = keys.scale.times;
      scenario_ = std::move(static_cast<Scenario&>(keys));
    }
    each(tables_.regions, [&](const Node& node) {
      scenario_.regions.push_back(region_schema().read(node, "[[region]]", problems_));
    });
    each(tables_.sectors, [&](const Node& node) {
      scenario_.sectors.push_back(sector_schema().read(node, "[[sector]]", problems_));
    });
    each(tables_.webhooks, [&](const Node& node) {
      scenario_.webhooks.push_back(webhook_schema().read(node, "[[webhook]]", problems_));
    });
    each(tables_.phases, [&](const Node& node) { read_phase(node); });
    each(tables_.probes, [&](const Node& node) { read_probe(node); });
    each(tables_.expectations, [&](const Node& node) { read_expectation(node); });
    check_stops();
    if (scenario_.phases.empty()) {
      problems_.add({1, 1}, "a rehearsal needs at least one [[phase]]",
                    "[[phase]]\nname = \"calm\"\nfor = \"10s\"");
    }
    return std::move(scenario_);
  }

  std::vector<Expectation> read_expectations() {
    each(tables_.expectations, [&](const Node& node) { read_expectation(node); });
    return std::move(scenario_.expectations);
  }

 private:
  template <class Read>
  void each(const Node* list, Read read) {
    if (list == nullptr) return;
    if (list->array() == nullptr) {
      problems_.add(
          list->where, "expected a list of tables, found " + std::string(list->type_name()),
          "write two brackets, as in [[phase]], because there may be several such tables");
      return;
    }
    for (const auto& node : *list->array()) read(node);
  }

  void refer(Position where, std::string_view kind, const std::string& name,
             const std::vector<std::string_view>& names) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    problems_.add(where, "there is no " + std::string(kind) + " " + in_quotes(name),
                  names.empty()
                      ? "add a [[" + std::string(kind) + "]] with name = " + in_quotes(name)
                      : suggest(name, names));
  }
  void refer_all(const Node& table, std::string_view key, std::string_view kind,
                 const std::vector<std::string_view>& names) {
    const Node* list = table.find(key);
    if (list == nullptr) return;
    const auto check = [&](const Node& reference) {
      if (reference.string() != nullptr) refer(reference.where, kind, *reference.string(), names);
    };
    if (list->array() == nullptr) return check(*list);
    for (const auto& element : *list->array()) check(element);
  }
  template <class List>
  static std::vector<std::string_view> names_in(const List& list) {
    std::vector<std::string_view> names;
    for (const auto& entry : list) names.push_back(entry.name);
    return names;
  }
  bool claim(const Node& node, const std::string& name, std::set<std::string>& taken) {
    if (name.empty() || taken.insert(name).second) return true;
    problems_.add(position_of(node, "name"), "the name " + in_quotes(name) + " is used twice",
                  "rename one of the two");
    return false;
  }

  void read_phase(const Node& node) {
    auto keys = phase_schema().read(node, "[[phase]]", problems_);
    keys.where = node.where;
    claim(node, keys.name, phase_names_);
    refer_all(node, "rules", "rule", around_.rules);
    if (keys.change != nullptr && keys.change->table() != nullptr) {
      for (const auto& member : *keys.change->table()) {
        refer(member.where, "rule", member.key, around_.rules);
        if (std::find(keys.rules.begin(), keys.rules.end(), member.key) == keys.rules.end()) {
          keys.rules.push_back(member.key);
        }
        keys.changed[member.key] = around_.change(member.key, member.node);
      }
    }
    scenario_.phases.push_back(std::move(static_cast<Phase&>(keys)));
  }

  void read_probe(const Node& node) {
    auto probe = probe_schema().read(node, "[[probe]]", problems_);
    probe.where = node.where;
    claim(node, probe.name, probe_names_);
    if (!probe.region.empty()) {
      refer(position_of(node, "region"), "region", probe.region, names_in(scenario_.regions));
    }
    const auto needs = [&](bool missing, std::string_view key) {
      if (!missing) return;
      problems_.add(node.where,
                    std::string(probe.kind.name()) + " probe " + in_quotes(probe.name) + " needs " +
                        in_quotes(key),
                    "add " + std::string(key) + " to this [[probe]]");
    };
    needs(probe.endpoints.empty() && probe.kind != ProbeKind::kExec, "endpoints");
    needs(probe.kind == ProbeKind::kExec && probe.command.empty(), "command");
    needs(probe.kind == ProbeKind::kDns && probe.qname.empty(), "qname");
    needs(probe.kind == ProbeKind::kPrometheus && probe.query.empty(), "query");
    for (const auto* protocol : message_protocols()) {
      if (!protocol->has_users() || probe.kind != ProbeKind::of(*protocol)) continue;
      for (const auto& key : protocol->user_keys()) {
        const bool given = node.find(key.info.name) != nullptr;
        needs(key.required && !given, key.info.name);
      }
      report_own_mistakes(*protocol, &MessageProtocol::user_keys, node, problems_);
    }
    needs(!probe.resolve.empty() && probe.resolver.empty(), "resolver");
    check_kind(node, probe.kind);
    if (probe.kind == ProbeKind::kGrpc) {
      check_grpc_user(node, GrpcUser::of(probe.options), probe.timeout, problems_);
    }
    check_conversation(node, probe);
    check_database(node, probe);
    check_endpoints(node, probe);
    scenario_.probes.push_back(std::move(probe));
  }

  // Reports a `database` of the wrong type. Databases of postgres have names; databases of all
  // other probe kinds have numbers.
  void check_database(const Node& node, const Probe& probe) {
    const Node* database = node.find("database");
    const bool named = probe.kind == ProbeKind::kPostgres;
    if (database == nullptr || named == (database->string() != nullptr)) return;
    problems_.add(database->where, std::string("database: expected a ") +
                                       (named ? "name" : "number") + " for " +
                                       in_quotes(probe.kind.name()) + ", found " +
                                       std::string(database->type_name()));
  }

  // Reports keys that users of this kind do not have.
  void check_kind(const Node& node, ProbeKind kind) {
    const Node* given = node.find("kind");
    const bool known = given == nullptr || ValueKind<ProbeKind>::read(*given);
    if (!known || node.table() == nullptr) return;
    for (const auto& member : *node.table()) {
      const auto* key = find_probe_key(member.key);
      if (key == nullptr || key->is_of(kind)) continue;
      problems_.add(member.where,
                    std::string(kind.name()) + " probes have no key " + in_quotes(member.key),
                    "leave it out; kinds of probes that have it: " + kinds_text(*key));
    }
  }

  // Checks the keys `send` and `expect`. With them, a tcp probe sends a text that the server
  // understands and checks the answer, instead of expecting its own message back.
  void check_conversation(const Node& node, const Probe& probe) {
    if (node.find("send") == nullptr && node.find("expect") == nullptr) return;
    if (probe.kind != ProbeKind::kTcp) return;
    if (probe.expect.empty()) {
      problems_.add(position_of(node, "send"),
                    "tcp probe " + in_quotes(probe.name) + " needs \"expect\"",
                    "write a text that the answer contains, e.g. expect = \"+PONG\"");
    }
    if (node.find("size") != nullptr) {
      problems_.add(position_of(node, "size"), "\"size\" and \"expect\" exclude each other",
                    "leave out size: it is the size of a message that the server echoes");
    }
  }

  void check_endpoints(const Node& node, const Probe& probe) {
    for (const auto& endpoint : probe.endpoints)
      check_endpoint(position_of(node, "endpoints"), endpoint);
    if (!probe.resolver.empty()) check_endpoint(position_of(node, "resolver"), probe.resolver);
  }
  void check_endpoint(Position where, const std::string& endpoint) {
    const auto& names = around_.listeners;
    if (std::find(names.begin(), names.end(), endpoint) != names.end()) return;
    if (endpoint.starts_with("http://") || endpoint.starts_with("https://")) return;
    if (parse_endpoint(endpoint)) return;
    problems_.add(where, in_quotes(endpoint) + " is neither a listener nor an address",
                  suggest(endpoint, names));
  }

  void read_expectation(const Node& node) {
    auto keys = expect_schema().read(node, "[[expect]]", problems_);
    keys.where = node.where;
    if (!keys.what) return;
    keys.metric = *keys.what;
    refer_all(node, "probe", "probe", names_in(scenario_.probes));
    refer_all(node, "listener", "listener", around_.listeners);
    if (!keys.region.empty()) {
      refer(position_of(node, "region"), "region", keys.region, names_in(scenario_.regions));
    }
    check_traffic(node, keys);
    if (!keys.phase.empty()) {
      refer(position_of(node, "phase"), "phase", keys.phase, names_in(scenario_.phases));
    }
    if ((keys.least == nullptr) == (keys.most == nullptr)) {
      const bool both = keys.least != nullptr;
      problems_.add(
          node.where,
          both ? "[[expect]] has both \"at_least\" and \"at_most\""
               : "[[expect]] needs either \"at_least\" or \"at_most\"",
          both ? "leave one of them out, or write two [[expect]]" : "e.g. at_least = \"99%\"");
    }
    if (keys.least != nullptr) keys.at_least = read_bound(keys.metric, *keys.least, "at_least");
    if (keys.most != nullptr) keys.at_most = read_bound(keys.metric, *keys.most, "at_most");
    if (keys.metric == Metric::kShare && keys.endpoint.empty() == keys.server.empty()) {
      const bool both = !keys.endpoint.empty();
      problems_.add(node.where,
                    both ? "metric = \"share\" has both \"endpoint\" and \"server\""
                         : "metric = \"share\" needs \"endpoint\" or \"server\"",
                    both ? "only one of them may be given; leave the other out"
                         : "name the endpoint or the server whose share is measured");
    }
    if (keys.metric == Metric::kAlert) read_alert(node, keys);
    check_rules(node, keys);
    scenario_.expectations.push_back(std::move(static_cast<Expectation&>(keys)));
  }

  void check_rules(const Node& node, const Expectation& wanted) {
    refer_all(node, "rule", "rule", around_.rules);
    const bool counts = wanted.about_rules();
    const auto metric = "metric = " + in_quotes(name_of(wanted.metric));
    if (counts == wanted.rule.empty()) {
      problems_.add(counts ? node.where : position_of(node, "rule"),
                    counts ? metric + " needs \"rule\""
                           : "\"rule\" is only for metric = \"rule_hits\" or \"came_back_early\"",
                    counts ? "name the rule whose faults are counted"
                           : "leave rule out, or write metric = \"rule_hits\"");
    }
    if (counts && !wanted.probe.empty()) {
      problems_.add(position_of(node, "probe"),
                    metric + " counts faults, and a probe has no faults", "leave probe out");
    }
    if (wanted.metric != Metric::kCameBackEarly) return;
    const auto has = [](const std::vector<std::string_view>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& name : wanted.rule) {
      if (!has(around_.rules, name) || has(around_.punishing, name)) continue;
      problems_.add(
          position_of(node, "rule"),
          "rule " + in_quotes(name) +
              " does not count clients that come back before the time in Retry-After",
          "add retry_after = \"punish\" to its fault, which must answer with Retry-After");
    }
  }

  void check_traffic(const Node& node, const Expectation& wanted) {
    if (!wanted.server.empty() && wanted.metric != Metric::kShare) {
      problems_.add(position_of(node, "server"), "\"server\" is only for metric = \"share\"",
                    "leave server out, or write metric = \"share\"");
    }
    if (wanted.listener.empty()) return;
    if (!wanted.probe.empty()) {
      problems_.add(position_of(node, "listener"), "[[expect]] has both \"probe\" and \"listener\"",
                    "leave one of them out: probe measures synthetic users, listener measures all "
                    "traffic of the listener");
    }
    constexpr std::array kSeen{Metric::kAvailability, Metric::kLatencyP50, Metric::kLatencyP99,
                               Metric::kReconnectRate, Metric::kShare};
    if (std::find(kSeen.begin(), kSeen.end(), wanted.metric) != kSeen.end()) {
      return check_requests(node, wanted);
    }
    problems_.add(position_of(node, "listener"),
                  std::string(name_of(wanted.metric)) + " cannot be measured at a listener",
                  "only synthetic users can measure it: write probe = \"...\" instead");
  }

  // Reports a metric of requests at a listener whose protocol the proxy does not parse. The proxy
  // sees requests and their results only in protocols that it parses.
  void check_requests(const Node& node, const Expectation& wanted) {
    if (wanted.metric == Metric::kReconnectRate || wanted.metric == Metric::kShare) return;
    const auto& without = around_.without_requests;
    for (const auto& name : wanted.listener) {
      if (std::find(without.begin(), without.end(), name) == without.end()) continue;
      problems_.add(
          position_of(node, "listener"),
          std::string(name_of(wanted.metric)) + " cannot be measured at " + in_quotes(name) +
              ", because its protocol is not parsed, so requests are not recognised",
          (around_.users ? "write probe = \"...\" to measure users, metric = \"reconnect_rate\" to "
                           "measure connections, or the listener's protocol if it is one of "
                         : "write rule_hits, or share of a server, or in the rule file the "
                           "listener's protocol if it is one of ") +
              with_requests());
    }
  }

  static std::string with_requests() {
    auto names = Protocol::names();
    std::erase_if(names,
                  [](std::string_view name) { return !Protocol::named(name)->knows_requests(); });
    return list_text(names);
  }

  void read_alert(const Node& node, const Expectation& wanted) {
    if (wanted.probe.empty() && scenario_.alerts.empty()) {
      problems_.add(
          node.where, "metric = \"alert\" has nothing that tells when an alert fires",
          "write alerts = \"127.0.0.1:9199\" in [scenario] to receive the webhooks of your "
          "alerting, or probe = \"...\" here to ask Prometheus whether an alert fires");
    }
    for (auto& probe : scenario_.probes) {
      const auto& names = wanted.probe;
      if (std::find(names.begin(), names.end(), probe.name) == names.end()) continue;
      probe.watches = true;
      if (probe.kind == ProbeKind::kPrometheus) continue;
      problems_.add(position_of(node, "probe"),
                    in_quotes(probe.name) + " is not a prometheus probe",
                    "metric = \"alert\" needs a probe with kind = \"prometheus\" and a query that "
                    "has a result when the alert fires");
    }
  }

  template <class T, class Convert>
  std::optional<double> read_as(const Node& node, std::string_view key, Convert convert) {
    const auto value = ValueKind<T>::read(node);
    if (value) return convert(*value);
    problems_.add(node.where, std::string(key) + ": " + value.error().what, value.error().hint);
    return std::nullopt;
  }
  std::optional<double> read_bound(Metric metric, const Node& node, std::string_view key) {
    switch (unit_of(metric)) {
      case Unit::kShare:
        return read_as<Ratio>(node, key, [](Ratio value) { return value.share(); });
      case Unit::kTime:
        return read_as<Duration>(
            node, key, [](Duration value) { return std::chrono::duration<double>(value).count(); });
      case Unit::kCount: {
        const auto count = read_as<std::int64_t>(
            node, key, [](std::int64_t value) { return static_cast<double>(value); });
        if (!count || *count >= 0) return count;
        problems_.add(node.where, std::string(key) + ": a count cannot be negative",
                      "e.g. " + std::string(key) + " = 1");
        return std::nullopt;
      }
      case Unit::kRate:
        break;
    }
    return read_as<Frequency>(node, key, [](Frequency value) { return value.per_second; });
  }

  void check_stops() {
    const auto names = names_in(scenario_.probes);
    for (const auto& stop : scenario_.stops) {
      if (!stop.probe.empty()) {
        refer(position_of(*tables_.scenario, "stop_if"), "probe", stop.probe, names);
      }
    }
  }

  const ScenarioTables& tables_;
  const ScenarioSurroundings& around_;
  Diagnostics& problems_;
  Scenario scenario_;
  std::set<std::string> phase_names_;
  std::set<std::string> probe_names_;
};

}  // namespace

Scenario read_scenario(const ScenarioTables& tables, const ScenarioSurroundings& around,
                       Diagnostics& problems) {
  return Reader(tables, around, problems).read();
}

std::vector<Expectation> read_expectations(const Node& tables, const ScenarioSurroundings& around,
                                           Diagnostics& problems) {
  return Reader({.expectations = &tables}, around, problems).read_expectations();
}

}  // namespace brownout::rules
