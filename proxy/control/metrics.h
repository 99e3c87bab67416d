// Metrics answers GET /metrics with the engine's counters in Prometheus' text format. Metric names
// follow Prometheus' naming practices. Used by the control loop's thread only.
#pragma once

#include <prometheus/metric_family.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"

namespace brownout::proxy {

// Selects which groups of metrics are shown.
struct MetricsChoice {
  bool own = true;        // Brownout's own metrics, whose names begin with brownout_
  bool toxiproxy = true;  // Toxiproxy's metrics, toxiproxy_proxy_{received,sent}_bytes_total
  bool runtime = true;    // metrics of the process, whose names begin with process_
  // If set, the number of spans that an OTLP exporter has lost.
  std::shared_ptr<const std::atomic<std::uint64_t>> spans_lost = {};
};

class Metrics {
 public:
  // Returns the upstream address of each proxy of Toxiproxy's API, by the proxy's name.
  using Proxies = std::function<std::map<std::string, std::string>()>;
  Metrics(const Engine& engine, Proxies proxies, MetricsChoice choice = {})
      : engine_(engine), proxies_(std::move(proxies)), choice_(choice) {}

  HttpResponse handle(const HttpServer::Request& request) const;
  std::vector<prometheus::MetricFamily> families() const;

 private:
  const Engine& engine_;
  Proxies proxies_;
  MetricsChoice choice_;
};

}  // namespace brownout::proxy
