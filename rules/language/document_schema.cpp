#include "rules/language/document_schema.h"

#include "rules/language/load_toml.h"

namespace brownout::rules {

const Schema<RuleKeys>& rule_schema() {
  static const Schema<RuleKeys> schema{{
      field("name", &RuleKeys::name,
            "how logs and metrics call it; dice depend on it, so give one to keep draws when rules "
            "are added"),
      nested<RuleKeys>("match", "table", "whom the rule means; leave it out to mean all",
                       [](const Node& node, RuleKeys& keys, Diagnostics& problems) {
                         keys.match = match_schema().read(node, "match", problems);
                       }),
      field("probability", &RuleKeys::probability, "how likely each throw of the dice hits"),
      field("per", &RuleKeys::per, "what the dice are thrown for"),
      field("start", &RuleKeys::start, "how long after the rule is loaded it switches itself on"),
      field("duration", &RuleKeys::duration, "how long it stays on; for ever if left out",
            {.least = Duration(1)}),
      field("ramp", &RuleKeys::ramp,
            "how long the fault takes to grow from nothing to its full magnitude (or probability)"),
      field("max_active_faults", &RuleKeys::max_active_faults,
            "http: most requests that it acts on at a time; the others are spared", {.least = 1}),
      field(
          "may_miss", &RuleKeys::may_miss,
          "whether it is all right when it never matches anybody: `run` does not warn then, and a "
          "rehearsal with --ci does not fail"),
      field("enabled", &RuleKeys::enabled, "whether it acts; the API switches it"),
      field("preset", &RuleKeys::preset, "a named network instead of a fault"),
      nested<RuleKeys>("fault", "table", "what happens: `type` and the keys of that fault",
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
      field("version", &Document::version, "of this format",
            {.least = 1, .most = 1, .required = true}),
      field(
          "seed", &Document::seed,
          "same seed and same order of arrival give the same faults; drawn and logged if left out",
          {.least = 0}),
      nested<Document>("listener", "list of tables", "where clients connect",
                       keep(&Document::listeners), true),
      nested<Document>("upstream", "list of tables", "groups of servers",
                       keep(&Document::upstreams)),
      nested<Document>("zone", "list of tables", "DNS records to answer from",
                       keep(&Document::zones)),
      nested<Document>("firewall", "list of tables", "lists of who may connect to what",
                       keep(&Document::firewalls)),
      nested<Document>("rule", "list of tables", "what happens to whom, in order",
                       keep(&Document::rules)),
      nested<Document>("scenario", "table", "of a rehearsal: its name, time scale, safety",
                       table(&ScenarioTables::scenario)),
      nested<Document>("phase", "list of tables", "of a rehearsal: what happens when",
                       table(&ScenarioTables::phases)),
      nested<Document>("probe", "list of tables", "of a rehearsal: synthetic users",
                       table(&ScenarioTables::probes)),
      nested<Document>("expect", "list of tables", "of a rehearsal: what must hold",
                       table(&ScenarioTables::expectations)),
      nested<Document>("region", "list of tables", "of a rehearsal: where users are",
                       table(&ScenarioTables::regions)),
      nested<Document>("sector", "list of tables", "of a rehearsal: what an outage costs whom",
                       table(&ScenarioTables::sectors)),
      nested<Document>("webhook", "list of tables", "of a rehearsal: who is told",
                       table(&ScenarioTables::webhooks)),
  }};
  return schema;
}

const std::vector<FieldInfo>& rule_fields() { return rule_schema().fields(); }
const std::vector<FieldInfo>& document_fields() { return document_schema().fields(); }

}  // namespace brownout::rules
