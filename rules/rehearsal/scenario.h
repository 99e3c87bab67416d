// A rehearsal as a value: phases of an outage, synthetic users, what is expected of them, and when
// to stop. Read from the same file as the rules (see load_toml.h).
//
// All times are those of the scenario: with time_scale = "60x" an hour passes in a minute. Only
// what is compared with the network is real time: the time-out of a probe, and latency.
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

// `value` may be negative: before the first phase.
inline Duration stretched(Duration value, double by) {
  const double nanoseconds = static_cast<double>(value.count()) * by;
  return nanoseconds < 0 ? -rounded(-nanoseconds) : rounded(nanoseconds);
}

// The percentage of operations that must succeed before anything is broken.
struct Steady {
  Ratio availability{Ratio::kOne};
  Duration length = std::chrono::seconds(10);
};

struct Phase {
  std::string name;
  Duration length{};
  std::vector<std::string> rules;  // on in this phase; rules that no phase names are always on
  std::map<std::string, std::vector<Rule>> changed;  // by name: with other magnitudes
  bool recovery = false;                             // runs whatever happens
  Position where;
};

// One group of synthetic users, who do the same thing again and again.
struct Probe {
  std::string name;
  ProbeKind kind = ProbeKind::kTcp;
  std::int64_t users = 1;
  std::string region;
  Duration every = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(2);  // real time
  // The contingency plan: in this order. Names of listeners, addresses, or for http whole URLs.
  std::vector<std::string> endpoints;
  bool reuse = true;          // of a connection, by the next operation
  std::int64_t attempts = 1;  // at each endpoint, before the next
  Duration backoff{};         // before another attempt, doubled each time
  Duration backoff_most = std::chrono::seconds(30);
  Ratio jitter{};                    // of the backoff
  std::optional<Duration> failback;  // how long until the first endpoint is tried again
  // Looked up before each new connection, one for each endpoint; its address is then dialled.
  std::vector<std::string> resolve;
  std::string resolver;  // the dns listener that is asked
  // Of the kinds.
  std::string qname;
  std::string qtype = "A";
  std::vector<std::string> answer;  // dns: one of these addresses must be among the answers
  std::string method = "GET";
  std::string path = "/";
  std::int64_t status = 200;
  std::string body;  // must be contained
  std::string sni;
  std::string ca;  // a PEM file; empty: the system's
  std::string command;
  std::string query;
  Bytes size{64};             // of a message
  std::string user_name;      // of messaging protocols
  std::string password_file;  // its first line
  ProtocolOptions options;    // that only one messaging protocol has
  bool watches =
      false;  // for an alert to fire: it feels nothing, so that its failures are no outage
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
};

// What a metric is measured in.
enum class Unit { kShare, kTime, kCount, kRate };
Unit unit_of(Metric metric);

struct Expectation {
  std::string name;
  Metric metric{};
  std::vector<std::string> probe;     // whose operations; empty: all
  std::vector<std::string> listener;  // proxied traffic is meant, whoever sent it
  std::string region;                 // of the probe, or of the client's address
  std::string phase;                  // empty: the whole rehearsal
  Duration within{};                  // what happens earlier in the phase does not count
  std::string endpoint;               // share: of the operations that it served
  std::string server;                 // share: of the connections to this server of an upstream
  std::string alert;                  // alert: a word in the webhook's body
  std::optional<double> at_least;     // in the metric's unit; seconds for a time
  std::optional<double> at_most;
  Position where;

  bool about_traffic() const { return !listener.empty() || !server.empty(); }
};

// Stops all faults when users that must not be touched are.
struct StopCondition {
  std::string probe;
  Ratio above{};
  Duration over = std::chrono::minutes(1);
  std::int64_t consecutive = 3;  // failures in a row, at least
};

struct Region {
  std::string name;
  std::vector<Prefix> clients;
  std::int64_t users = 0;  // that it stands for; 0: as many as there are synthetic ones
};

// For the arithmetic of the impact.
struct Sector {
  std::string name;
  Ratio share{Ratio::kOne};       // of all users
  double per_failed_message = 0;  // in any unit of value
  double per_minute = 0;          // of full outage
};

struct Webhook {
  std::string url;
  bool phases = true;
  bool expectations = true;
};

struct Scenario {
  std::string name;
  double time_scale = 1;
  std::optional<std::int64_t> seed;  // of the dice; at least 0
  Steady steady;
  std::string alerts;  // where alert webhooks are received; empty: nowhere
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
      std::pair<std::string_view, Metric>{"alert", Metric::kAlert}};
};

// Of the tables of a rehearsal, for the reference page; [[phase]] and [[expect]] have keys that
// need the rest of the file to be read.
const std::vector<FieldInfo>& scenario_fields();
const std::vector<FieldInfo>& phase_fields();
const std::vector<FieldInfo>& probe_fields();
const std::vector<FieldInfo>& expect_fields();
const std::vector<FieldInfo>& stop_fields();
const std::vector<FieldInfo>& region_fields();
const std::vector<FieldInfo>& sector_fields();
const std::vector<FieldInfo>& webhook_fields();

}  // namespace brownout::rules
