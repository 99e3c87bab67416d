// OtlpExporter sends events and metrics to an OpenTelemetry collector (OTLP over HTTP, in JSON).
//
// Two background threads convert and send them, so that a slow collector delays no traffic, and
// neither signal delays the other. Events are sent again as OtlpRetry says. Metrics are not sent
// again: they are cumulative, so the next request contains the same values. At most kMostWaiting
// bytes of events wait. Lost events are counted.
#pragma once

#include <prometheus/metric_family.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "proxy/observe/event_log.h"
#include "proxy/observe/otlp_sender.h"
#include "proxy/observe/otlp_settings.h"
#include "proxy/observe/otlp_value.h"
#include "rules/base/result.h"

namespace brownout::proxy {

class OtlpExporter final : public EventSink {
 public:
  static constexpr std::size_t kMostWaiting = 16 << 20;

  // Starts to export. `url` is the collector's base URL, such as http://127.0.0.1:4318. See
  // otlp_settings() for the environment variables that are read.
  static rules::Result<std::unique_ptr<OtlpExporter>> start(const std::string& url,
                                                            const std::string& version);
  // Tries once to send the waiting events and metrics. Takes at most about six seconds.
  ~OtlpExporter() override;

  // Adds events to send. Safe on any thread.
  void submit(std::string lines) override;
  // Sets the metrics to send next, in place of metrics that were not sent yet. The time of the call
  // counts as the time of measurement. Safe on any thread.
  void submit(std::vector<prometheus::MetricFamily> metrics);

  // The number of events that were lost so far. The counter may outlive the exporter.
  using Counter = std::atomic<std::uint64_t>;
  std::shared_ptr<const Counter> lost() const { return lost_; }

 private:
  struct Measured {
    std::vector<prometheus::MetricFamily> families;
    std::int64_t time;  // Unix time in nanoseconds
  };
  using SteadyTime = std::chrono::steady_clock::time_point;
  OtlpExporter(OtlpSettings settings, OtlpSource source);

  void send_events(const std::stop_token& stop);
  std::string take_events(const std::stop_token& stop);
  // Sends a request, and again after a failure. Returns how many of the events are lost.
  std::uint64_t deliver(OtlpSender& sender, const std::string& lines, const std::stop_token& stop);
  void send_metrics(const std::stop_token& stop);
  std::optional<Measured> take_metrics(const std::stop_token& stop);
  // Waits, at most until the exporter ends.
  void wait(std::chrono::milliseconds time, const std::stop_token& stop);
  OtlpSender::Outcome send_once(OtlpSender& sender, const std::string& body,
                                const std::stop_token& stop);

  const OtlpSettings settings_;
  const OtlpSource source_;
  const std::int64_t began_;  // Unix time in nanoseconds
  const std::shared_ptr<Counter> lost_ = std::make_shared<Counter>(0);
  SteadyTime end_{};  // set before the threads are asked to stop
  std::mutex mutex_;
  std::condition_variable_any wake_;
  // The mutex guards the members below.
  std::string lines_;
  bool overflowed_ = false;
  std::optional<Measured> metrics_;
  // Declared last, since the threads use all other members.
  std::jthread events_thread_;
  std::jthread metrics_thread_;
};

}  // namespace brownout::proxy
