#include "proxy/control/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <fstream>
#include <numeric>

#include "rules/base/shared_histogram.h"

namespace brownout::proxy {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;
using Families = std::vector<MetricFamily>;

class Family {
 public:
  Family(Families& to, std::string name, std::string help, MetricType type)
      : to_(to), family_{std::move(name), std::move(help), type, {}} {}
  ~Family() { to_.push_back(std::move(family_)); }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  template <class T>
  void add(T value, const Labels& labels = {}) {
    auto& metric = labelled(labels);
    if (family_.type == MetricType::Counter) {
      metric.counter.value = static_cast<double>(value);
    } else {
      metric.gauge.value = static_cast<double>(value);
    }
  }
  // Leaves out empty histograms: with a thousand listeners they would add megabytes of zeros.
  void add(const rules::SharedHistogram& histogram, const Labels& labels) {
    if (histogram.empty()) return;
    auto& to = labelled(labels).histogram;
    const auto& bounds = rules::SharedHistogram::kBounds;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      to.sample_count += histogram.count(i);
      const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
      to.bucket.push_back({to.sample_count, bound});
    }
    to.sample_sum = std::chrono::duration<double>(histogram.sum()).count();
  }

 private:
  ClientMetric& labelled(const Labels& labels) {
    auto& metric = family_.metric.emplace_back();
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
  }

  Families& to_;
  MetricFamily family_;
};

void add_listeners(Families& all, const Engine& engine) {
  const auto listeners = engine.listeners();
  const auto each = [&](const char* name, const char* help, MetricType type, auto value) {
    Family family(all, name, help, type);
    for (const auto& listener : listeners) {
      family.add(value(listener, *listener.view->stats), {{"listener", listener.name}});
    }
  };
  using Status = Engine::ListenerStatus;
  using Stats = ListenerStats;
  each("brownout_connections_total", "Connections, UDP sessions and DNS queries that arrived",
       MetricType::Counter, [](const Status&, const Stats& s) { return s.arrivals.load(); });
  each("brownout_connections_open", "Connections and UDP sessions that are open", MetricType::Gauge,
       [](const Status&, const Stats& s) { return s.open.load(); });
  each("brownout_connections_refused_total", "Connections that a rule refused", MetricType::Counter,
       [](const Status&, const Stats& s) { return s.refused.load(); });
  each("brownout_connect_failures_total", "Connections for which no server could be reached",
       MetricType::Counter, [](const Status&, const Stats& s) { return s.connect_failed.load(); });
  each("brownout_datagrams_dropped_total", "Datagrams that could not be delivered",
       MetricType::Counter, [](const Status&, const Stats& s) { return s.dropped.load(); });
  each("brownout_listener_up", "Whether the port is open", MetricType::Gauge,
       [](const Status& status, const Stats&) { return status.open ? 1 : 0; });
  each("brownout_request_failures_total",
       "Requests and queries without an answer, or with an error as the answer (dns, http, "
       "websocket, mqtt, xmpp)",
       MetricType::Counter, [](const Status&, const Stats& s) { return s.failed.load(); });
  each("brownout_turns_total",
       "Exchanges in traffic that is not parsed, counted when server bytes follow client bytes "
       "(tcp, tls, udp, framed, proxy, and after an upgrade)",
       MetricType::Counter, [](const Status&, const Stats& s) { return s.turns.load(); });
  {
    Family bytes(all, "brownout_bytes_total", "Bytes that arrived, by the direction they travel",
                 MetricType::Counter);
    for (const auto& listener : listeners) {
      for (const auto direction : {rules::Direction::kUpstream, rules::Direction::kDownstream}) {
        bytes.add(listener.view->stats->bytes(direction),
                  {{"listener", listener.name}, {"direction", std::string(to_text(direction))}});
      }
    }
  }
  Family requests(all, "brownout_request_duration_seconds",
                  "Time from a request or query until its answer began", MetricType::Histogram);
  for (const auto& listener : listeners)
    requests.add(listener.view->stats->answered, {{"listener", listener.name}});
}

void add_rules(Families& all, const Engine& engine) {
  const auto labels = [](const rules::Rule& rule) {
    return Labels{{"rule", rule.name}, {"fault", std::string(rule.kind->name)}};
  };
  {
    Family injected(all, "brownout_faults_injected_total", "Injected faults", MetricType::Counter);
    for (const auto& rule : engine.rules().rules()) {
      injected.add(rule->state->injected.load(), labels(*rule));
    }
  }
  {
    Family matched(all, "brownout_rule_matches_total",
                   "Connections or messages that a rule matched", MetricType::Counter);
    for (const auto& rule : engine.rules().rules()) {
      matched.add(rule->state->matched.load(), labels(*rule));
    }
  }
  {
    Family active(all, "brownout_active_faults",
                  "Connections, UDP sessions and HTTP requests on which a rule is acting now",
                  MetricType::Gauge);
    for (const auto& rule : engine.rules().rules()) {
      active.add(rule->state->active.load() + rule->state->active_flows.load(), labels(*rule));
    }
  }
  {
    Family overflow(all, "brownout_faults_overflow_total",
                    "Traffic beyond a limit of a rule: HTTP requests beyond max_active_faults "
                    "(they pass unchanged), datagrams that arrive at a full queue of bandwidth "
                    "(they are dropped), and what connection_limit and overload refuse",
                    MetricType::Counter);
    for (const auto& rule : engine.rules().rules()) {
      overflow.add(rule->state->overflow.load(), labels(*rule));
    }
  }
  {
    Family early(all, "brownout_came_back_early_total",
                 "Requests that came before their client's Retry-After was over, and that "
                 "retry_after = \"punish\" refused",
                 MetricType::Counter);
    for (const auto& rule : engine.rules().rules()) {
      if (rule->fault->punishes()) early.add(rule->state->early.load(), labels(*rule));
    }
  }
  Family delays(all, "brownout_injected_delay_seconds", "Delays that faults added",
                MetricType::Histogram);
  for (const auto& rule : engine.rules().rules()) delays.add(rule->state->delays, labels(*rule));
}

void add_own(Families& all, const Engine& engine) {
  add_listeners(all, engine);
  add_rules(all, engine);
  Family(all, "brownout_held_bytes", "Bytes that faults hold back, or that a peer has not read yet",
         MetricType::Gauge)
      .add(engine.held_bytes());
  Family(all, "brownout_halted", "Whether all faults are off", MetricType::Gauge)
      .add(engine.halted() ? 1 : 0);
  Family lag(all, "brownout_event_loop_lag_seconds",
             "Time by which an event loop handles its timers late", MetricType::Histogram);
  for (std::size_t i = 0; i < engine.workers().size(); ++i) {
    lag.add(engine.workers()[i]->lag(), {{"worker", std::to_string(i)}});
  }
}

// Adds metrics with the names and labels of Toxiproxy 2.13.
void add_toxiproxys(Families& all, const Engine& engine,
                    const std::map<std::string, std::string>& upstreams) {
  const auto listeners = engine.listeners();
  for (const char* which : {"received", "sent"}) {
    Family bytes(all, std::string("toxiproxy_proxy_") + which + "_bytes_total", "",
                 MetricType::Counter);
    for (const auto& listener : listeners) {
      const auto upstream = upstreams.find(listener.name);
      if (upstream == upstreams.end()) continue;
      for (const auto direction : {rules::Direction::kUpstream, rules::Direction::kDownstream}) {
        bytes.add(listener.view->stats->bytes(direction),
                  {{"direction", std::string(to_text(direction))},
                   {"listener", rules::to_text(listener.bound)},
                   {"proxy", listener.name},
                   {"upstream", upstream->second}});
      }
    }
  }
}

void add_runtime(Families& all) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  Family(all, "process_cpu_seconds_total", "User and system CPU time", MetricType::Counter)
      .add(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (statm >> pages >> resident) {
    Family(all, "process_resident_memory_bytes", "Resident memory", MetricType::Gauge)
        .add(resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  }
}

}  // namespace

HttpResponse Metrics::handle(const HttpServer::Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") return {.status = 405, .body = ""};
  return {.body = prometheus::TextSerializer().Serialize(families()),
          .type = "text/plain; version=0.0.4; charset=utf-8"};
}

std::vector<MetricFamily> Metrics::families() const {
  Families all;
  if (choice_.own) add_own(all, engine_);
  if (choice_.spans_lost) {
    Family(all, "brownout_otlp_spans_lost_total",
           "Spans that were not delivered to the collector of --otlp", MetricType::Counter)
        .add(choice_.spans_lost->load());
  }
  if (choice_.toxiproxy) add_toxiproxys(all, engine_, proxies_());
  if (choice_.runtime) add_runtime(all);
  return all;
}

}  // namespace brownout::proxy
