// Metrics formats the engine's counters in Prometheus' text format for each scrape. Metric names
// follow Prometheus' naming practices. Control loop's thread only.
#pragma once

#include <prometheus/metric_family.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"

namespace brownout::proxy {

// Selects the groups of metrics.
struct MetricsChoice {
  bool own = true;        // brownout_...
  bool toxiproxy = true;  // toxiproxy_proxy_{received,sent}_bytes_total
  bool runtime = true;    // process_...
};

class Metrics {
 public:
  // Returns the upstream of each Toxiproxy proxy, by the proxy's name.
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
