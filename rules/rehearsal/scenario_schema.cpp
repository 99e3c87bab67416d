#include "rules/rehearsal/scenario_schema.h"

#include "rules/rehearsal/probe_keys.h"

namespace brownout::rules {
namespace {

// Converts a pointer to a member of a base class to a pointer to a member of the derived struct
// that a schema fills.
template <class S, class B, class T>
auto own(T B::*member) {
  return static_cast<T S::*>(member);
}

const Schema<Steady>& steady_schema() {
  static const Schema<Steady> schema{{
      field("availability", &Steady::availability, "the share of operations that must succeed"),
      field("for", &Steady::length, "how long operations are measured before the first phase",
            {.least = std::chrono::milliseconds(1)}),
  }};
  return schema;
}

const Schema<StopCondition>& stop_schema() {
  static const Schema<StopCondition> schema{{
      field("probe", &StopCondition::probe, "the [[probe]] whose users the faults must not affect",
            {.required = true}),
      field("above", &StopCondition::above, "halt if a larger share of operations fails",
            {.required = true}),
      field("over", &StopCondition::over,
            "the period over which the share of failed operations is measured",
            {.least = std::chrono::milliseconds(1)}),
      field("consecutive", &StopCondition::consecutive,
            "halt only if, in addition, at least this many operations in a row failed",
            {.least = 1}),
  }};
  return schema;
}

// Returns the protocol-specific keys of [[probe]]. The key `database` is a number for redis and a
// name for postgres, so it accepts both types.
std::vector<Field<Probe>> protocol_fields() {
  auto fields = option_fields(&MessageProtocol::user_keys, &Probe::options);
  for (auto& known : fields) {
    if (known.info.name != "database") continue;
    known.info.type = "text or number";
    known.info.meaning += "; postgres: the name of the database, the same as `user` if left out";
    known.read = [number = known.read](const Node& node, Probe& probe, Diagnostics& problems) {
      if (node.string() == nullptr) return number(node, probe, problems);
      probe.database = *node.string();
    };
  }
  return fields;
}

std::vector<Field<Probe>> probe_fields_of_all() {
  return {
      field("name", &Probe::name, "the name by which expectations and reports refer to the probe",
            {.required = true}),
      field("kind", &Probe::kind, "the kind of operation that its users perform"),
      field("users", &Probe::users, "number of synthetic users, each with its own client address",
            {.least = 1, .most = 200}),
      field("region", &Probe::region, "the [[region]] that provides the users' addresses"),
      field("every", &Probe::every, "interval between operations",
            {.least = std::chrono::milliseconds(1)}),
      field("timeout", &Probe::timeout, "time-out of one attempt, in real time",
            {.least = std::chrono::milliseconds(1), .most = std::chrono::minutes(10)}),
      field("endpoints", &Probe::endpoints,
            "required, except for exec: names of listeners, addresses, or whole URLs, in the "
            "order of the contingency plan",
            {.absent = "none"}),
      field("attempts", &Probe::attempts,
            "number of attempts at each endpoint before the user tries the next one",
            {.least = 1, .most = 100}),
      field("reuse", &Probe::reuse,
            "whether a connection stays open for the next operation, if the protocol allows it"),
      field("backoff", &Probe::backoff, "pause before another attempt; doubled each time"),
      field("backoff_most", &Probe::backoff_most, "the longest backoff"),
      field("jitter", &Probe::jitter, "the share of a backoff that is random"),
      field("failback", &Probe::failback,
            "time after a failover until the first endpoint is tried again; left out, never"),
      field("resolve", &Probe::resolve,
            "host names of the endpoints, in the same order; users look the name up before each "
            "new connection, and connect to the address in the answer",
            {.absent = "none"}),
      field("resolver", &Probe::resolver,
            "the dns listener, or the address of a resolver, for the lookups of `names`"),
  };
}

std::vector<Field<Probe>> probe_fields_of_some() {
  return {
      field("qname", &Probe::qname, "the name to look up"),
      field("qtype", &Probe::qtype, "A or AAAA"),
      field("answer", &Probe::answer,
            "addresses of which the answer must contain at least one; left out, any answer with an "
            "address counts as success",
            {.absent = "none"}),
      field("method", &Probe::method, "the method of the request"),
      field("http", &Probe::http,
            "the version of HTTP; auto: HTTP/1.1, or over TLS the version that the server chooses; "
            "with \"2\", a response over HTTP/1 is a failure"),
      field("number", &Probe::number,
            "JSON pointer to the number of an event inside its data, e.g. \"/seq\"; left out, the "
            "id of the event is its number"),
      field("path", &Probe::path, "the path of the request"),
      field("status", &Probe::status, "the expected status", {.least = 100, .most = 599}),
      field("body", &Probe::body, "text that the body must contain"),
      field("sni", &Probe::sni, "the name that is requested (SNI) and verified"),
      field("ca", &Probe::ca,
            "a PEM file with the trusted CAs; with it, users of postgres and of messaging "
            "protocols connect by TLS"),
      field("command", &Probe::command, "a command for /bin/sh; exit code 0 is success"),
      field("query", &Probe::query,
            "the PromQL query; an operation succeeds if the query has a result"),
      field("size", &Probe::size, "bytes in a message",
            {.least = Bytes{16}, .most = Bytes{1 << 20}}),
      field("send", &Probe::send,
            "a text to send instead of a message that the server echoes, e.g. \"PING\\r\\n\"; if "
            "only `expect` is given, the user sends nothing and waits for the server's greeting, "
            "on a new connection for each operation"),
      field("expect", &Probe::expect,
            "text that the first 64 KiB of the answer must contain before the time-out"),
      field("user_name", &Probe::user_name, "the user name; postgres: \"postgres\" if left out"),
      field("password_file", &Probe::password_file, "a file whose first line is the password"),
  };
}

// Returns the keys of [[probe]]. The meaning of a key that only some kinds of users have begins
// with these kinds.
std::vector<Field<Probe>> all_probe_fields() {
  auto fields = probe_fields_of_all();
  for (auto& known : probe_fields_of_some()) fields.push_back(std::move(known));
  for (auto& known : fields) {
    const auto* key = find_probe_key(known.info.name);
    if (key != nullptr) known.info.meaning = kinds_text(*key) + ": " + known.info.meaning;
  }
  for (auto& known : protocol_fields()) fields.push_back(std::move(known));
  return fields;
}

// A field for an integer or real number.
Field<Sector> number(std::string name, double Sector::*member, std::string meaning) {
  return {{name, "number", "", "0", std::move(meaning)},
          false,
          [=](const Node& node, Sector& sector, Diagnostics& problems) {
            if (const auto* real = std::get_if<double>(&node.value)) {
              sector.*member = *real;
            } else if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
              sector.*member = static_cast<double>(*whole);
            } else {
              problems.add(node.where,
                           name + ": expected a number, found " + std::string(node.type_name()));
            }
          }};
}

}  // namespace

const Schema<ScenarioKeys>& scenario_schema() {
  static const Schema<ScenarioKeys> schema{{
      field("name", own<ScenarioKeys>(&ScenarioKeys::name), "the name of the rehearsal in reports",
            {.required = true}),
      field("time_scale", own<ScenarioKeys>(&ScenarioKeys::scale),
            "\"60x\": an hour of scenario time takes a minute; time-outs and latencies stay real "
            "time",
            {.least = Multiple{0.001}, .most = Multiple{100000}}),
      field("seed", own<ScenarioKeys>(&ScenarioKeys::seed),
            "the seed of all random draws: the same seed and order of arrival give the same "
            "faults; may also be written at the top of the file",
            {.least = 0}),
      nested<ScenarioKeys>(
          "steady", "table",
          "the steady state that must hold before the first phase: `availability`, the share of "
          "operations that must succeed, and `for`, how long they are measured",
          [](const Node& node, ScenarioKeys& keys, Diagnostics& problems) {
            keys.steady = steady_schema().read(node, "steady", problems);
          }),
      nested<ScenarioKeys>("stop_if", "table, or list of them",
                           "conditions that halt all faults: probe, above, over, consecutive",
                           [](const Node& node, ScenarioKeys& keys, Diagnostics& problems) {
                             const auto add = [&](const Node& condition) {
                               keys.stops.push_back(
                                   stop_schema().read(condition, "stop_if", problems));
                             };
                             if (node.array() == nullptr) return add(node);
                             for (const auto& element : *node.array()) add(element);
                           }),
      field("alerts", own<ScenarioKeys>(&ScenarioKeys::alerts),
            "address on which Brownout listens for the webhooks of your alerting system, e.g. "
            "\"127.0.0.1:9095\"; needed for metric = \"alert\" of an [[expect]]"),
  }};
  return schema;
}

const Schema<PhaseKeys>& phase_schema() {
  static const Schema<PhaseKeys> schema{{
      field("name", own<PhaseKeys>(&PhaseKeys::name), "the name in expectations",
            {.required = true}),
      field("for", own<PhaseKeys>(&PhaseKeys::length), "how long the phase lasts",
            {.least = std::chrono::milliseconds(1), .required = true}),
      field("rules", own<PhaseKeys>(&PhaseKeys::rules),
            "names of the rules that are active in the phase; rules that no phase names are active "
            "in all phases",
            {.absent = "none"}),
      nested<PhaseKeys>(
          "change", "table of tables",
          "settings of rules that differ in this phase: { \"name of a rule\" = { keys of its fault "
          "} }",
          [](const Node& node, PhaseKeys& keys, Diagnostics&) { keys.change = &node; }),
      field("recovery", own<PhaseKeys>(&PhaseKeys::recovery),
            "true: the phase is the recovery, and runs even after Ctrl-C or stop_if"),
  }};
  return schema;
}

const Schema<Probe>& probe_schema() {
  static const Schema<Probe> schema(all_probe_fields());
  return schema;
}

const Schema<ExpectKeys>& expect_schema() {
  static const Schema<ExpectKeys> schema{{
      field("name", own<ExpectKeys>(&ExpectKeys::name), "the name in reports"),
      field("metric", own<ExpectKeys>(&ExpectKeys::what), "the metric that is measured (see below)",
            {.required = true}),
      field("probe", own<ExpectKeys>(&ExpectKeys::probe),
            "probes whose operations count; all if left out"),
      field("listener", own<ExpectKeys>(&ExpectKeys::listener),
            "instead of probes: all traffic at these listeners, as measured by the proxy "
            "(reconnect_rate and share; availability, latency_p50 and latency_p99 if the proxy "
            "parses requests, as for dns and http)",
            {.absent = "none"}),
      field("region", own<ExpectKeys>(&ExpectKeys::region),
            "only users of this [[region]]; with `listener`, only clients with addresses of this "
            "region"),
      field("phase", own<ExpectKeys>(&ExpectKeys::phase),
            "the phase in which the metric is measured; left out, the whole rehearsal"),
      field("within", own<ExpectKeys>(&ExpectKeys::within),
            "time at the start of the phase that is not measured"),
      field("endpoint", own<ExpectKeys>(&ExpectKeys::endpoint),
            "share: the endpoint whose share of operations is measured"),
      field("server", own<ExpectKeys>(&ExpectKeys::server),
            "share: the server whose share of connections is measured"),
      field("alert", own<ExpectKeys>(&ExpectKeys::alert),
            "alert: a text that the webhook of the alert contains; instead of it, `probe` can name "
            "a prometheus probe whose query has a result while the alert fires"),
      field("rule", own<ExpectKeys>(&ExpectKeys::rule),
            "rule_hits: the rules whose injected faults are counted, to prove that the outage took "
            "place; came_back_early: rules with retry_after = \"punish\"",
            {.absent = "none"}),
      nested<ExpectKeys>(
          "at_least", "in the metric's unit", "lower bound of the value",
          [](const Node& node, ExpectKeys& keys, Diagnostics&) { keys.least = &node; }),
      nested<ExpectKeys>(
          "at_most", "in the metric's unit", "upper bound of the value",
          [](const Node& node, ExpectKeys& keys, Diagnostics&) { keys.most = &node; }),
  }};
  return schema;
}

const Schema<Region>& region_schema() {
  static const Schema<Region> schema{{
      field("name", &Region::name, "the name by which probes and expectations refer to the region",
            {.required = true}),
      field("clients", &Region::clients, "addresses of the region's clients", {.required = true}),
      field("users", &Region::users,
            "number of people in the region, from which the report computes the impact",
            {.least = 0}),
  }};
  return schema;
}

const Schema<Sector>& sector_schema() {
  static const Schema<Sector> schema{{
      field("name", &Sector::name, "e.g. health, commerce", {.required = true}),
      field("share", &Sector::share, "share of all users that belong to the sector"),
      number("per_failed_message", &Sector::per_failed_message,
             "value of one failed message, in any unit"),
      number("per_minute", &Sector::per_minute,
             "value of a minute of full outage, in the same unit"),
  }};
  return schema;
}

const Schema<Webhook>& webhook_schema() {
  static const Schema<Webhook> schema{{
      field("url", &Webhook::url, "URL that gets a POST with JSON", {.required = true}),
      field("format", &Webhook::format,
            "json: one object for each event; slack: {\"text\": ...}, as Slack, Mattermost and "
            "Rocket.Chat read it"),
      field("report", &Webhook::report,
            "the address of the report, which the last event contains, e.g. "
            "\"https://ci.example/{run}/report.html\"; {run} stands for the name of the report's "
            "folder"),
      field("phases", &Webhook::phases,
            "whether to send an event when the rehearsal or a phase begins"),
      field("expectations", &Webhook::expectations,
            "whether to send an event for each expectation, and one at the end"),
  }};
  return schema;
}

const std::vector<FieldInfo>& scenario_fields() { return scenario_schema().fields(); }
const std::vector<FieldInfo>& phase_fields() { return phase_schema().fields(); }
const std::vector<FieldInfo>& probe_fields() { return probe_schema().fields(); }
const std::vector<FieldInfo>& expect_fields() { return expect_schema().fields(); }
const std::vector<FieldInfo>& stop_fields() { return stop_schema().fields(); }
const std::vector<FieldInfo>& region_fields() { return region_schema().fields(); }
const std::vector<FieldInfo>& sector_fields() { return sector_schema().fields(); }
const std::vector<FieldInfo>& webhook_fields() { return webhook_schema().fields(); }

}  // namespace brownout::rules
