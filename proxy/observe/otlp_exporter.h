// OtlpExporter sends events and metrics to an OpenTelemetry collector (OTLP over HTTP, in JSON).
//
// A background thread converts and sends them, so that a slow collector delays no traffic. It
// retries for as long as it runs. At most kMostWaiting bytes of events wait; later ones are lost
// and counted.
#pragma once

#include <prometheus/metric_family.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proxy/observe/event_log.h"
#include "proxy/observe/otlp_json.h"
#include "rules/base/result.h"

namespace brownout::proxy {

class OtlpExporter final : public EventSink {
 public:
  static constexpr std::size_t kMostWaiting = 16 << 20;

  // Starts to export. `url` is the collector's base URL, such as http://127.0.0.1:4318.
  // OTEL_EXPORTER_OTLP_HEADERS and OTEL_SERVICE_NAME are read from the environment, with the
  // meaning that OpenTelemetry defines.
  static rules::Result<std::unique_ptr<OtlpExporter>> start(const std::string& url,
                                                            std::string version);
  // Tries once to send the events that wait. Takes at most about six seconds.
  ~OtlpExporter() override;

  // Adds events to send. Safe on any thread.
  void submit(std::string lines) override;
  // Sets the metrics to send next, in place of metrics that were not sent yet. Safe on any thread.
  void submit(std::vector<prometheus::MetricFamily> metrics);

 private:
  struct Batch {
    std::string lines;
    std::optional<std::vector<prometheus::MetricFamily>> metrics;
    std::uint64_t lost = 0;  // number of events that did not fit
  };
  OtlpExporter(std::string url, std::vector<std::string> headers, OtlpSource source);

  void work(const std::stop_token& stop);
  Batch take(const std::stop_token& stop);
  void send(const Batch& batch, const std::stop_token& stop);
  // Sends a request, and repeats it until the collector accepts it. Returns false if the collector
  // refuses the request for good, or if the exporter ends.
  bool send(const std::string& path, const std::string& body, const std::stop_token& stop);

  const std::string url_;
  const std::vector<std::string> headers_;
  const OtlpSource source_;
  const std::int64_t began_;
  bool failing_ = false;    // whether the last request failed
  std::uint64_t lost_ = 0;  // number of events that the collector did not accept
  std::mutex mutex_;
  std::condition_variable_any wake_;
  Batch waiting_;
  std::jthread thread_;  // declared last, since the thread uses all other members
};

struct OtlpHeaders {
  std::vector<std::string> lines;
  std::vector<std::size_t> malformed;  // numbers of the pairs that are left out, from 1
};
// Parses the value of OTEL_EXPORTER_OTLP_HEADERS, "name=value,name=value" with percent-encoded
// values, to header lines.
OtlpHeaders otlp_headers(std::string_view text);

}  // namespace brownout::proxy
