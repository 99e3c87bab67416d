#include "rules/language/document_schema.h"

#include "rules/language/load_toml.h"

namespace brownout::rules {

const Schema<RuleKeys>& rule_schema() {
  static const Schema<RuleKeys> schema{{
      field("name", &RuleKeys::name,
            "the name by which logs and metrics refer to the rule; random draws depend on it, so a "
            "rule with a name keeps its draws when other rules are added"),
      nested<RuleKeys>("match", "table",
                       "the traffic that the rule applies to; left out, all traffic",
                       [](const Node& node, RuleKeys& keys, Diagnostics& problems) {
                         keys.match = match_schema().read(node, "match", problems);
                       }),
      field("probability", &RuleKeys::probability,
            "the probability that the rule acts, drawn once for each unit in `per`"),
      field("per", &RuleKeys::per, "the unit for which `probability` is drawn"),
      field("start", &RuleKeys::start, "time from the loading of the rule until it becomes active"),
      field("duration", &RuleKeys::duration,
            "how long the rule stays active; left out, without end", {.least = Duration(1)}),
      field("ramp", &RuleKeys::ramp,
            "how long the fault takes to grow from nothing to its full size; each fault below says "
            "what grows"),
      field("repeat", &RuleKeys::repeat,
            "time from one start of the rule to the next, for a fault that comes and goes; must be "
            "longer than `duration`; left out, the rule starts once",
            {.least = Duration(1)}),
      field("windows", &RuleKeys::windows,
            "instead of `start`, `duration` and `repeat`: when the rule is active after its "
            "loading, e.g. [\"10s-20s\", \"1m-90s\"], in order",
            {.absent = "none"}),
      field(
          "max_active_faults", &RuleKeys::max_active_faults,
          "http: on how many requests the rule may act at a time; further requests pass unchanged",
          {.least = 1}),
      field("may_miss", &RuleKeys::may_miss,
            "true: a rule that matches nothing causes no warning from `run`, and no failure of a "
            "rehearsal with --ci"),
      field("enabled", &RuleKeys::enabled,
            "false: the rule is off; the API can switch it on and off"),
      field("preset", &RuleKeys::preset,
            "instead of `fault`: the name of a simulated network, or of a failure of a language "
            "model (see Presets)"),
      nested<RuleKeys>("fault", "table", "the fault: its `type` and the keys of that type",
                       [](const Node& node, RuleKeys& keys, Diagnostics&) { keys.fault = &node; }),
  }};
  return schema;
}

const Schema<Document>& document_schema() {
  const auto keep = [](const Node* Document::*member) {
    return
        [member](const Node& node, Document& document, Diagnostics&) { document.*member = &node; };
  };
  const auto table = [](const Node* ScenarioTables::*member) {
    return [member](const Node& node, Document& document, Diagnostics&) {
      document.rehearsal.*member = &node;
    };
  };
  static const Schema<Document> schema{{
      field("version", &Document::version, "version of the rule file format",
            {.least = 1, .most = 1}),
      field("seed", &Document::seed,
            "the seed of all random draws: the same seed and order of arrival give the same "
            "faults; drawn and logged if left out",
            {.least = 0}),
      nested<Document>("listener", "list of tables",
                       "the addresses that clients connect to; a file for `brownout exec` needs "
                       "none, and `check` and `explain` read such a file with --exec",
                       keep(&Document::listeners), true),
      nested<Document>("upstream", "list of tables", "groups of servers",
                       keep(&Document::upstreams)),
      nested<Document>("zone", "list of tables", "DNS records to answer from",
                       keep(&Document::zones)),
      nested<Document>("firewall", "list of tables", "lists of accepted and blocked connections",
                       keep(&Document::firewalls)),
      nested<Document>("rule", "list of tables",
                       "the faults, and the traffic on which they act; all rules act in order",
                       keep(&Document::rules)),
      nested<Document>("scenario", "table", "rehearsal: name, time scale, stop conditions",
                       table(&ScenarioTables::scenario)),
      nested<Document>("phase", "list of tables", "rehearsal: the phases of the outage",
                       table(&ScenarioTables::phases)),
      nested<Document>("probe", "list of tables", "rehearsal: synthetic users",
                       table(&ScenarioTables::probes)),
      nested<Document>("expect", "list of tables", "rehearsal: expected results",
                       table(&ScenarioTables::expectations)),
      nested<Document>("region", "list of tables", "rehearsal: regions of the users",
                       table(&ScenarioTables::regions)),
      nested<Document>("sector", "list of tables",
                       "rehearsal: the cost of an outage by sector (health, commerce and so on)",
                       table(&ScenarioTables::sectors)),
      nested<Document>(
          "webhook", "list of tables",
          "rehearsal: URLs that get an event when a phase begins or an expectation is judged",
          table(&ScenarioTables::webhooks)),
  }};
  return schema;
}

const std::vector<FieldInfo>& rule_fields() { return rule_schema().fields(); }
const std::vector<FieldInfo>& document_fields() { return document_schema().fields(); }

}  // namespace brownout::rules
