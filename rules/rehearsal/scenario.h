// Scenario describes a rehearsal: phases of an outage, synthetic users, expectations, and stop
// conditions. It is read from the same file as the rules (load_toml.h).
//
// Times are scenario time, except for latencies and a probe's time-out, which are real time.
// Scenario time is real time since the first phase began, multiplied by time_scale: with
// time_scale = "60x", an hour of scenario time takes a minute of real time.
//
// Plain values, immutable once the file is read; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/address.h"
#include "rules/engine/rule.h"
#include "rules/protocols/http1/http_version.h"
#include "rules/rehearsal/probe_kind.h"
#include "rules/schema/json_text.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// Multiplies a duration by a factor, to convert between real time and scenario time. `value` is
// negative for times before the first phase.
inline Duration stretched(Duration value, double by) {
  const double nanoseconds = static_cast<double>(value.count()) * by;
  return nanoseconds < 0 ? -rounded(-nanoseconds) : rounded(nanoseconds);
}

// Requirement before the first phase: the share of operations that must succeed, measured over
// `length`.
struct Steady {
  Ratio availability{Ratio::kOne};
  Duration length = std::chrono::seconds(10);
};

struct Phase {
  std::string name;
  Duration length{};
  // Names of the rules active in this phase; rules that no phase names are always active.
  std::vector<std::string> rules;
  // Rules that have other settings during this phase; the key is the rule's name.
  std::map<std::string, std::vector<Rule>> changed;
  bool recovery = false;  // whether the phase runs even after a halt
  Position where;
};

// A group of synthetic users that repeat the same operation.
struct Probe {
  std::string name;
  ProbeKind kind = ProbeKind::kTcp;
  std::int64_t users = 1;
  std::string region;
  Duration every = std::chrono::seconds(10);   // interval between the operations of one user
  Duration timeout = std::chrono::seconds(2);  // maximum duration of an attempt, in real time
  // Endpoints that a user tries, in this order: names of listeners, addresses, or for http whole
  // URLs.
  std::vector<std::string> endpoints;
  bool reuse = true;  // whether the next operation uses the same connection
  // Number of attempts at each endpoint before the next endpoint is tried.
  std::int64_t attempts = 1;
  // Time before another attempt at the endpoint; doubled for each further attempt.
  Duration backoff{};
  Duration backoff_most = std::chrono::seconds(30);
  Ratio jitter{};  // share of the backoff that is random
  // Time after a failover until the first endpoint is tried again; no value means never.
  std::optional<Duration> failback;
  // Host names to look up before each new connection, one for each endpoint. Users then connect to
  // the address found.
  std::vector<std::string> resolve;
  std::string resolver;  // name of a dns listener, or an address, for these lookups
  // The following keys each apply only to certain kinds of probe.
  std::string qname;
  std::string qtype = "A";
  std::vector<std::string> answer;  // for dns: the answer must contain one of these addresses
  std::string method = "GET";
  HttpVersion http = HttpVersion::kAuto;  // kAuto: HTTP/1.1, over TLS what the server chooses
  // For sse: where the data of an event has its number; no value if its id is the number.
  std::optional<JsonPointer> number;
  std::string path = "/";
  std::int64_t status = 200;
  std::string body;  // for http: text that the body must contain
  std::string sni;
  std::string ca;  // path of a PEM file; if empty, the system's CAs are used
  std::string command;
  std::string query;
  Bytes size{64};    // size of a message
  std::string send;  // for tcp: text to send instead of a numbered message
  // For tcp: text that the answer must contain. If empty, the answer must contain the sent message.
  std::string expect;
  std::string user_name;      // for postgres and messaging protocols
  std::string database;       // for postgres; if empty, the database named like the user
  std::string password_file;  // path of a file; its first line is the password
  ProtocolOptions options;    // protocol-specific keys
  // Whether the probe waits for an alert. Its failures then do not count as an outage.
  bool watches = false;
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
  kLag,
  kRebalanceTime,
  kRebalanceTotal,
  kReconnectRate,
  kAttemptRate,
  kShare,
  kAlert,
  kRuleHits,
  kCameBackEarly,
};

// The unit in which a metric's values are measured: a share from 0 to 1, a time in seconds, a
// count, or events per second of scenario time.
enum class Unit { kShare, kTime, kCount, kRate };
Unit unit_of(Metric metric);

struct Expectation {
  std::string name;
  Metric metric{};
  // Names of the probes whose operations count; if empty, all probes count.
  std::vector<std::string> probe;
  // Names of listeners. If not empty, traffic through these listeners is measured instead of
  // probes.
  std::vector<std::string> listener;
  std::string region;    // name of the region of the probe, or of the client's address
  std::string phase;     // name of the phase; if empty, the whole rehearsal
  Duration within{};     // time at the start of the phase in which events do not count
  std::string endpoint;  // for the metric share: counts operations that this endpoint served
  std::string server;    // for the metric share: counts connections to this server of an upstream
  std::string alert;     // for the metric alert: a word in the webhook's body
  // For the metrics rule_hits and came_back_early: names of the rules whose faults count.
  std::vector<std::string> rule;
  std::optional<double> at_least;  // lower limit in the metric's unit; times in seconds
  std::optional<double> at_most;
  Position where;

  bool about_traffic() const { return !listener.empty() || !server.empty(); }
  bool about_rules() const {
    return metric == Metric::kRuleHits || metric == Metric::kCameBackEarly;
  }
};

// Condition under which all faults are halted: operations of a protected probe fail. Both `above`
// and `consecutive` must be reached.
struct StopCondition {
  std::string probe;                        // name of the protected probe
  Ratio above{};                            // share of failed operations that must be exceeded
  Duration over = std::chrono::minutes(1);  // length of the time window that is examined
  std::int64_t consecutive = 3;             // minimum number of failures in a row, up to now
};

struct Region {
  std::string name;
  std::vector<Prefix> clients;
  std::int64_t users = 0;  // number of people in the region; 0 means the number of synthetic users
};

// A group of users whose failures cost money, for the report about impact.
struct Sector {
  std::string name;
  Ratio share{Ratio::kOne};       // share of all users
  double per_failed_message = 0;  // cost of a failed message, in any currency or unit
  double per_minute = 0;          // cost of a minute in which everything fails
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
  std::string report = {};  // URL of the report; {run} stands for the folder's name
  bool phases = true;
  bool expectations = true;
};

struct Scenario {
  std::string name;
  double time_scale = 1;             // scenario time that passes per unit of real time
  std::optional<std::int64_t> seed;  // seed of the random numbers; at least 0
  Steady steady;
  std::string alerts;  // address on which alert webhooks are received; empty if there is none
  std::vector<Phase> phases;
  std::vector<Probe> probes;
  std::vector<Expectation> expectations;
  std::vector<StopCondition> stops;
  std::vector<Region> regions;
  std::vector<Sector> sectors;
  std::vector<Webhook> webhooks;

  // Return the planned length of all phases, and the planned begin of the phase with this index.
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
      std::pair<std::string_view, Metric>{"lag", Metric::kLag},
      std::pair<std::string_view, Metric>{"rebalance_time", Metric::kRebalanceTime},
      std::pair<std::string_view, Metric>{"rebalance_total", Metric::kRebalanceTotal},
      std::pair<std::string_view, Metric>{"reconnect_rate", Metric::kReconnectRate},
      std::pair<std::string_view, Metric>{"attempt_rate", Metric::kAttemptRate},
      std::pair<std::string_view, Metric>{"share", Metric::kShare},
      std::pair<std::string_view, Metric>{"alert", Metric::kAlert},
      std::pair<std::string_view, Metric>{"rule_hits", Metric::kRuleHits},
      std::pair<std::string_view, Metric>{"came_back_early", Metric::kCameBackEarly}};
};

// Return the keys of the tables of a rehearsal, for the reference page.
const std::vector<FieldInfo>& scenario_fields();
const std::vector<FieldInfo>& phase_fields();
const std::vector<FieldInfo>& probe_fields();
const std::vector<FieldInfo>& expect_fields();
const std::vector<FieldInfo>& stop_fields();
const std::vector<FieldInfo>& region_fields();
const std::vector<FieldInfo>& sector_fields();
const std::vector<FieldInfo>& webhook_fields();

}  // namespace brownout::rules
