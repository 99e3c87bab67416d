// Metrics in Prometheus' text format, made of the engine's counters when they are asked for; names
// as Prometheus' naming practices have them. Control loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "proxy/control/http_server.h"
#include "proxy/engine/engine.h"

namespace brownout::proxy {

// Which of them.
struct MetricsChoice {
  bool own = true;        // brownout_...
  bool toxiproxy = true;  // toxiproxy_proxy_{received,sent}_bytes_total
  bool runtime = true;    // process_...
};

class Metrics {
 public:
  // Toxiproxy's proxies and their upstreams, by name.
  using Proxies = std::function<std::map<std::string, std::string>()>;
  Metrics(const Engine& engine, Proxies proxies, MetricsChoice choice = {})
      : engine_(engine), proxies_(std::move(proxies)), choice_(choice) {}

  HttpResponse handle(const HttpServer::Request& request) const;

 private:
  const Engine& engine_;
  Proxies proxies_;
  MetricsChoice choice_;
};

}  // namespace brownout::proxy
