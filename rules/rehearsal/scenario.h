// A rehearsal as a value: phases of an outage, synthetic users, expectations, and stop conditions.
// Read from the same file as the rules (see load_toml.h).
//
// All times are scenario time: with time_scale = "60x" an hour passes in a minute. Only a probe's
// time-out and latencies are real time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/address.h"
#include "rules/engine/rule.h"
#include "rules/rehearsal/probe_kind.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// `value` may be negative, before the first phase.
inline Duration stretched(Duration value, double by) {
  const double nanoseconds = static_cast<double>(value.count()) * by;
  return nanoseconds < 0 ? -rounded(-nanoseconds) : rounded(nanoseconds);
}

// The share of operations that must succeed before the first phase, measured over `length`.
struct Steady {
  Ratio availability{Ratio::kOne};
  Duration length = std::chrono::seconds(10);
};

struct Phase {
  std::string name;
  Duration length{};
  std::vector<std::string> rules;  // active here; rules that no phase names are always active
  std::map<std::string, std::vector<Rule>> changed;  // by rule name: other magnitudes
  bool recovery = false;                             // runs even after a halt
  Position where;
};

// A group of synthetic users that repeat the same operation.
struct Probe {
  std::string name;
  ProbeKind kind = ProbeKind::kTcp;
  std::int64_t users = 1;
  std::string region;
  Duration every = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(2);  // real time
  // The contingency plan, in order: names of listeners, addresses, or for http whole URLs.
  std::vector<std::string> endpoints;
  bool reuse = true;          // the next operation uses the same connection
  std::int64_t attempts = 1;  // at each endpoint, before the next one
  Duration backoff{};         // before another attempt; doubled each time
  Duration backoff_most = std::chrono::seconds(30);
  Ratio jitter{};                    // random share of the backoff
  std::optional<Duration> failback;  // time until the first endpoint is tried again; none: never
  // Names to look up before each new connection, one for each endpoint. Users then connect to the
  // address found.
  std::vector<std::string> resolve;
  std::string resolver;  // the dns listener or address for lookups
  // Keys of single kinds.
  std::string qname;
  std::string qtype = "A";
  std::vector<std::string> answer;  // dns: the answer must contain one of these addresses
  std::string method = "GET";
  std::string path = "/";
  std::int64_t status = 200;
  std::string body;  // http: text that the body must contain
  std::string sni;
  std::string ca;  // a PEM file; empty: the system's CAs
  std::string command;
  std::string query;
  Bytes size{64};             // size of a message
  std::string user_name;      // messaging protocols
  std::string password_file;  // a file; its first line is the password
  ProtocolOptions options;    // keys of single messaging protocols
  bool watches = false;       // waits for an alert, so its failures are not an outage
  Position where;
};

enum class Metric {
  kAvailability,
  kLatencyP50,
  kLatencyP99,
  kTimeToDetect,
  kTimeToFailover,
  kTimeToRecover,
  kMessagesLost,
  kDuplicated,
  kReordered,
  kReconnectRate,
  kAttemptRate,
  kShare,
  kAlert,
  kRuleHits,
};

// The unit of a metric's values.
enum class Unit { kShare, kTime, kCount, kRate };
Unit unit_of(Metric metric);

struct Expectation {
  std::string name;
  Metric metric{};
  std::vector<std::string> probe;     // probes whose operations count; empty: all
  std::vector<std::string> listener;  // instead of probes: proxied traffic of these listeners
  std::string region;                 // region of the probe, or of the client's address
  std::string phase;                  // empty: the whole rehearsal
  Duration within{};                  // earlier events in the phase do not count
  std::string endpoint;               // share: operations that this endpoint served
  std::string server;                 // share: connections to this server of an upstream
  std::string alert;                  // alert: a word in the webhook's body
  std::vector<std::string> rule;      // rule_hits: rules whose faults count
  std::optional<double> at_least;     // in the metric's unit; times in seconds
  std::optional<double> at_most;
  Position where;

  bool about_traffic() const { return !listener.empty() || !server.empty(); }
};

// Halts all faults when operations of a protected probe fail.
struct StopCondition {
  std::string probe;
  Ratio above{};
  Duration over = std::chrono::minutes(1);
  std::int64_t consecutive = 3;  // consecutive failures, at least
};

struct Region {
  std::string name;
  std::vector<Prefix> clients;
  std::int64_t users = 0;  // people in the region; 0: the number of synthetic users
};

// A group of users whose failures have a value, for the impact.
struct Sector {
  std::string name;
  Ratio share{Ratio::kOne};       // share of all users
  double per_failed_message = 0;  // in any unit of value
  double per_minute = 0;          // value of a minute of full outage
};

enum class WebhookFormat { kJson, kSlack };
template <>
struct EnumNames<WebhookFormat> {
  static constexpr std::array kValues{
      std::pair<std::string_view, WebhookFormat>{"json", WebhookFormat::kJson},
      std::pair<std::string_view, WebhookFormat>{"slack", WebhookFormat::kSlack}};
};

struct Webhook {
  std::string url;
  WebhookFormat format = WebhookFormat::kJson;
  std::string report = {};  // where the report can be read; {run} is the name of its folder
  bool phases = true;
  bool expectations = true;
};

struct Scenario {
  std::string name;
  double time_scale = 1;
  std::optional<std::int64_t> seed;  // seed of the dice; at least 0
  Steady steady;
  std::string alerts;  // address that receives alert webhooks; empty: none
  std::vector<Phase> phases;
  std::vector<Probe> probes;
  std::vector<Expectation> expectations;
  std::vector<StopCondition> stops;
  std::vector<Region> regions;
  std::vector<Sector> sectors;
  std::vector<Webhook> webhooks;

  Duration length() const;
  Duration phase_begin(std::size_t phase) const;
  std::size_t users() const;
};

template <>
struct EnumNames<Metric> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Metric>{"availability", Metric::kAvailability},
      std::pair<std::string_view, Metric>{"latency_p50", Metric::kLatencyP50},
      std::pair<std::string_view, Metric>{"latency_p99", Metric::kLatencyP99},
      std::pair<std::string_view, Metric>{"time_to_detect", Metric::kTimeToDetect},
      std::pair<std::string_view, Metric>{"time_to_failover", Metric::kTimeToFailover},
      std::pair<std::string_view, Metric>{"time_to_recover", Metric::kTimeToRecover},
      std::pair<std::string_view, Metric>{"messages_lost", Metric::kMessagesLost},
      std::pair<std::string_view, Metric>{"messages_duplicated", Metric::kDuplicated},
      std::pair<std::string_view, Metric>{"messages_reordered", Metric::kReordered},
      std::pair<std::string_view, Metric>{"reconnect_rate", Metric::kReconnectRate},
      std::pair<std::string_view, Metric>{"attempt_rate", Metric::kAttemptRate},
      std::pair<std::string_view, Metric>{"share", Metric::kShare},
      std::pair<std::string_view, Metric>{"alert", Metric::kAlert},
      std::pair<std::string_view, Metric>{"rule_hits", Metric::kRuleHits}};
};

// The keys of the tables of a rehearsal, for the reference page. Some keys of [[phase]] and
// [[expect]] depend on the rest of the file.
const std::vector<FieldInfo>& scenario_fields();
const std::vector<FieldInfo>& phase_fields();
const std::vector<FieldInfo>& probe_fields();
const std::vector<FieldInfo>& expect_fields();
const std::vector<FieldInfo>& stop_fields();
const std::vector<FieldInfo>& region_fields();
const std::vector<FieldInfo>& sector_fields();
const std::vector<FieldInfo>& webhook_fields();

}  // namespace brownout::rules
