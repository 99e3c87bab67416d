#include "rules/rehearsal/scenario_schema.h"

namespace brownout::rules {
namespace {

// A member of a base class, as a member of the struct that a schema fills.
template <class S, class B, class T>
auto own(T B::*member) {
  return static_cast<T S::*>(member);
}

const Schema<Steady>& steady_schema() {
  static const Schema<Steady> schema{{
      field("availability", &Steady::availability, "the least share of operations that succeed"),
      field("for", &Steady::length, "how long it is looked at",
            {.least = std::chrono::milliseconds(1)}),
  }};
  return schema;
}

const Schema<StopCondition>& stop_schema() {
  static const Schema<StopCondition> schema{{
      field("probe", &StopCondition::probe, "the users that must not be touched",
            {.required = true}),
      field("above", &StopCondition::above, "the share of failed operations that is too much",
            {.required = true}),
      field("over", &StopCondition::over, "the time that the share is taken over",
            {.least = std::chrono::milliseconds(1)}),
      field("consecutive", &StopCondition::consecutive,
            "and the last ones failed in a row, this many at least", {.least = 1}),
  }};
  return schema;
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
      field("name", own<ScenarioKeys>(&ScenarioKeys::name), "what the report is called",
            {.required = true}),
      field("time_scale", own<ScenarioKeys>(&ScenarioKeys::scale),
            "\"60x\": an hour of the scenario in a minute; time-outs and latency stay real",
            {.least = Multiple{0.001}, .most = Multiple{100000}}),
      field("seed", own<ScenarioKeys>(&ScenarioKeys::seed),
            "same seed and same order of arrival give the same faults; here or at the top of the "
            "file",
            {.least = 0}),
      nested<ScenarioKeys>("steady", "table", "what must hold before anything is broken",
                           [](const Node& node, ScenarioKeys& keys, Diagnostics& problems) {
                             keys.steady = steady_schema().read(node, "steady", problems);
                           }),
      nested<ScenarioKeys>(
          "stop_if", "table, or list of them", "halts all faults: probe, above, over, consecutive",
          [](const Node& node, ScenarioKeys& keys, Diagnostics& problems) {
            const auto add = [&](const Node& condition) {
              keys.stops.push_back(stop_schema().read(condition, "stop_if", problems));
            };
            if (node.array() == nullptr) return add(node);
            for (const auto& element : *node.array()) add(element);
          }),
      field("alerts", own<ScenarioKeys>(&ScenarioKeys::alerts),
            "an address where the webhooks of your alerting are received, for metric = \"alert\""),
  }};
  return schema;
}

const Schema<PhaseKeys>& phase_schema() {
  static const Schema<PhaseKeys> schema{{
      field("name", own<PhaseKeys>(&PhaseKeys::name), "how expectations refer to it",
            {.required = true}),
      field("for", own<PhaseKeys>(&PhaseKeys::length), "how long it lasts",
            {.least = std::chrono::milliseconds(1), .required = true}),
      field("rules", own<PhaseKeys>(&PhaseKeys::rules),
            "rules that are on in it; those that no phase names are always on"),
      nested<PhaseKeys>(
          "change", "table of tables",
          "other magnitudes: { \"name of a rule\" = { keys of its fault } }",
          [](const Node& node, PhaseKeys& keys, Diagnostics&) { keys.change = &node; }),
      field("recovery", own<PhaseKeys>(&PhaseKeys::recovery),
            "it runs whatever happens: after Ctrl-C and after stop_if too"),
  }};
  return schema;
}

const Schema<Probe>& probe_schema() {
  static const Schema<Probe> schema{
      {
          field("name", &Probe::name, "how expectations and the report call it",
                {.required = true}),
          field("kind", &Probe::kind, "what its users do"),
          field("users", &Probe::users, "synthetic users, each with a client address of its own",
                {.least = 1, .most = 200}),
          field("region", &Probe::region, "the [[region]] whose addresses they have"),
          field("every", &Probe::every, "from one operation to the next",
                {.least = std::chrono::milliseconds(1)}),
          field("timeout", &Probe::timeout, "of one attempt, in real time",
                {.least = std::chrono::milliseconds(1), .most = std::chrono::minutes(10)}),
          field(
              "endpoints", &Probe::endpoints,
              "in the order of the contingency plan: names of listeners, addresses, or whole URLs"),
          field("attempts", &Probe::attempts, "at each endpoint, before the next is tried",
                {.least = 1, .most = 100}),
          field("reuse", &Probe::reuse,
                "whether a connection stays open for the next operation, where its protocol can"),
          field("backoff", &Probe::backoff, "before another attempt; doubled each time"),
          field("backoff_most", &Probe::backoff_most, "the longest backoff"),
          field("jitter", &Probe::jitter, "how much of a backoff is drawn"),
          field("failback", &Probe::failback,
                "how long after a failover the first endpoint is tried again; left out, never"),
          field("resolve", &Probe::resolve,
                "names of the endpoints, in their order, that are looked up before each new "
                "connection; the "
                "addresses are then dialled"),
          field("resolver", &Probe::resolver, "the dns listener or the address that is asked"),
          field("qname", &Probe::qname, "dns: the name to look up"),
          field("qtype", &Probe::qtype, "dns: A or AAAA"),
          field("answer", &Probe::answer, "dns: one of these addresses must be in the answer"),
          field("method", &Probe::method, "http"),
          field("path", &Probe::path, "http, websocket"),
          field("status", &Probe::status, "http: the status that is right",
                {.least = 100, .most = 599}),
          field("body", &Probe::body, "http: text that the body must contain"),
          field("sni", &Probe::sni, "tls: the name that is asked for and verified"),
          field("ca", &Probe::ca,
                "a PEM file with the CAs to trust, of tls and http; messaging protocols use TLS "
                "where it "
                "is given"),
          field("command", &Probe::command, "exec: run by /bin/sh; exit code 0 is success"),
          field("query", &Probe::query, "prometheus: must have a result"),
          field("size", &Probe::size, "tcp, websocket: of a message",
                {.least = Bytes{16}, .most = Bytes{1 << 20}}),
          field("user_name", &Probe::user_name, "of messaging protocols: as whom users connect"),
          field("password_file", &Probe::password_file,
                "of messaging protocols: a file whose first line is the password"),
      },
      option_fields(&MessageProtocol::user_keys, &Probe::options)};
  return schema;
}

const Schema<ExpectKeys>& expect_schema() {
  static const Schema<ExpectKeys> schema{{
      field("name", own<ExpectKeys>(&ExpectKeys::name), "how the report calls it"),
      field("metric", own<ExpectKeys>(&ExpectKeys::what), "what is measured", {.required = true}),
      field("probe", own<ExpectKeys>(&ExpectKeys::probe), "whose; all probes if left out"),
      field("listener", own<ExpectKeys>(&ExpectKeys::listener),
            "instead of probes: all that passed there, as the proxy saw it (reconnect_rate, share; "
            "where requests are known, as of dns and http, availability, latency_p50 and "
            "latency_p99)"),
      field("region", own<ExpectKeys>(&ExpectKeys::region),
            "only this [[region]]: of the probes, or of the clients' addresses"),
      field("phase", own<ExpectKeys>(&ExpectKeys::phase),
            "in which phase; the whole rehearsal if left out"),
      field("within", own<ExpectKeys>(&ExpectKeys::within),
            "how long the phase may take to become so: what happens earlier does not count"),
      field("endpoint", own<ExpectKeys>(&ExpectKeys::endpoint),
            "share: of the operations that it served"),
      field("server", own<ExpectKeys>(&ExpectKeys::server),
            "share: of the connections that this server got"),
      field("alert", own<ExpectKeys>(&ExpectKeys::alert),
            "alert: a word in the webhook; or name a prometheus probe, whose query has a result "
            "when the rule fires"),
      nested<ExpectKeys>(
          "at_least", "in the metric's unit", "the least that is right",
          [](const Node& node, ExpectKeys& keys, Diagnostics&) { keys.least = &node; }),
      nested<ExpectKeys>(
          "at_most", "in the metric's unit", "the most that is right",
          [](const Node& node, ExpectKeys& keys, Diagnostics&) { keys.most = &node; }),
  }};
  return schema;
}

const Schema<Region>& region_schema() {
  static const Schema<Region> schema{{
      field("name", &Region::name, "how probes refer to it", {.required = true}),
      field("clients", &Region::clients, "its addresses", {.required = true}),
      field("users", &Region::users, "how many people it stands for, for the impact", {.least = 0}),
  }};
  return schema;
}

const Schema<Sector>& sector_schema() {
  static const Schema<Sector> schema{{
      field("name", &Sector::name, "e.g. health, commerce", {.required = true}),
      field("share", &Sector::share, "of all users"),
      number("per_failed_message", &Sector::per_failed_message, "what one is worth, in any unit"),
      number("per_minute", &Sector::per_minute, "what a minute of full outage is worth"),
  }};
  return schema;
}

const Schema<Webhook>& webhook_schema() {
  static const Schema<Webhook> schema{{
      field("url", &Webhook::url, "gets a POST with JSON", {.required = true}),
      field("phases", &Webhook::phases, "when a phase begins"),
      field("expectations", &Webhook::expectations, "when an expectation is met or not"),
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
