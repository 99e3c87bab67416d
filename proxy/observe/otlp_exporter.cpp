#include "proxy/observe/otlp_exporter.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "proxy/loop/read_file.h"
#include "proxy/observe/otlp_json.h"
#include "proxy/observe/otlp_metrics.h"
#include "proxy/observe/otlp_retry.h"
#include "rules/base/units.h"

namespace brownout::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kOtlpInterval(1000);  // how long events are collected before they are sent
constexpr milliseconds kOtlpAtTheEnd(5000);
constexpr std::size_t kOtlpBatch = 1 << 20;

std::int64_t unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

milliseconds between(steady_clock::time_point from, steady_clock::time_point to) {
  return std::chrono::duration_cast<milliseconds>(to - from);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

std::uint64_t random_number() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

// Returns a random UUID (RFC 9562, version 4).
std::string random_uuid() {
  const auto high = (random_number() & 0xffff'ffff'ffff'0fffU) | 0x4000U;
  const auto low = (random_number() & 0x3fff'ffff'ffff'ffffU) | 0x8000'0000'0000'0000U;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffffU,
                     high & 0xffffU, low >> 48, low & 0xffff'ffff'ffffU);
}

}  // namespace

rules::Result<std::unique_ptr<OtlpExporter>> OtlpExporter::start(const std::string& url,
                                                                 const std::string& version) {
  auto settings = otlp_settings(url,
                                {{"service.name", "brownout"},
                                 {"service.version", version},
                                 {"service.instance.id", random_uuid()}},
                                environment);
  if (!settings) return tl::unexpected(settings.error());
  for (const auto& warning : settings->warnings) spdlog::warn("{}", warning);
  if (!settings->ca_file.empty()) {
    if (const auto read = read_once(settings->ca_file); !read) {
      return rules::config_error(
          "the file of trusted CAs for --otlp, " + settings->ca_file + ": " + read.error().what,
          "correct OTEL_EXPORTER_OTLP_CERTIFICATE or SSL_CERT_FILE");
    }
  }
  OtlpSource source{settings->attributes, version, random_number()};
  return std::unique_ptr<OtlpExporter>(new OtlpExporter(std::move(*settings), std::move(source)));
}

OtlpExporter::OtlpExporter(OtlpSettings settings, OtlpSource source)
    : settings_(std::move(settings)),
      source_(std::move(source)),
      began_(unix_now()),
      events_thread_([this](const std::stop_token& stop) { send_events(stop); }),
      metrics_thread_([this](const std::stop_token& stop) { send_metrics(stop); }) {}

OtlpExporter::~OtlpExporter() {
  end_ = steady_clock::now() + kOtlpAtTheEnd;
  events_thread_.request_stop();
  metrics_thread_.request_stop();
  events_thread_.join();
  metrics_thread_.join();
  *lost_ += lines_in(lines_);
  if (const auto lost = lost_->load(); lost > 0) {
    spdlog::error(
        "OTLP: {} not delivered: the collector at {} rejected them or was too slow; check that it "
        "runs, and see its log",
        rules::count_of(lost, "event"), settings_.url);
  }
}

void OtlpExporter::submit(std::string lines) {
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() + lines.size() <= kMostWaiting) {
      lines_ += lines;
      if (lines_.size() > kOtlpBatch) wake_.notify_all();
      return;
    }
    *lost_ += lines_in(lines);
    if (std::exchange(overflowed_, true)) return;
  }
  spdlog::warn(
      "OTLP: 16 MiB of events wait for the collector at {}, so further events are lost; the metric "
      "brownout_otlp_spans_lost_total counts them (use a faster collector, or inject fewer faults)",
      settings_.url);
}

void OtlpExporter::submit(std::vector<prometheus::MetricFamily> metrics) {
  const std::lock_guard lock(mutex_);
  metrics_ = Measured{std::move(metrics), unix_now()};
  wake_.notify_all();
}

void OtlpExporter::wait(milliseconds time, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [] { return false; });
}

OtlpSender::Outcome OtlpExporter::send_once(OtlpSender& sender, const std::string& body,
                                            const std::stop_token& stop) {
  if (!stop.stop_requested()) {
    return sender.send(body, settings_.timeout,
                       [&] { return stop.stop_requested() && steady_clock::now() > end_; });
  }
  return sender.send(body, std::max(between(steady_clock::now(), end_), milliseconds(1)), {});
}

void OtlpExporter::send_events(const std::stop_token& stop) {
  OtlpSender sender(OtlpSignal::kTraces, settings_);
  while (!stop.stop_requested()) *lost_ += deliver(sender, take_events(stop), stop);
  // At the end, sends the remaining events, as long as the collector accepts them.
  for (bool taken = true; taken && steady_clock::now() < end_;) {
    const auto lines = take_events(stop);
    if (lines.empty()) return;
    const auto lost = deliver(sender, lines, stop);
    *lost_ += lost;
    taken = lost < lines_in(lines);
  }
}

// Waits for a batch of events. A batch never ends inside a line.
std::string OtlpExporter::take_events(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, kOtlpInterval, [&] { return lines_.size() > kOtlpBatch; });
  if (lines_.size() <= kOtlpBatch) return std::exchange(lines_, {});
  const auto end = lines_.find('\n', kOtlpBatch);
  auto batch = lines_.substr(0, end == std::string::npos ? end : end + 1);
  lines_.erase(0, batch.size());
  return batch;
}

std::uint64_t OtlpExporter::deliver(OtlpSender& sender, const std::string& lines,
                                    const std::stop_token& stop) {
  const auto body = otlp_traces(lines, source_);
  if (body.empty()) return 0;
  const auto began = steady_clock::now();
  const auto events = lines_in(lines);
  std::uniform_real_distribution<double> unit;
  std::minstd_rand random(std::random_device{}());
  OtlpRetry retry;
  for (int tries = 1;; ++tries) {
    const bool last = stop.stop_requested();
    const auto outcome = send_once(sender, body, stop);
    if (outcome.accepted()) return std::min(outcome.answer.rejected, events);
    if (last || outcome.result.failure == PostFailure::kGivenUp) return events;
    const auto pause = retry.pause(outcome.result, outcome.answer.then,
                                   between(began, steady_clock::now()), unit(random));
    if (!pause) {
      if (tries > 1) sender.tell_lost(events, outcome);
      return events;
    }
    wait(*pause, stop);
  }
}

void OtlpExporter::send_metrics(const std::stop_token& stop) {
  OtlpSender sender(OtlpSignal::kMetrics, settings_);
  OtlpMetrics metrics(source_, began_);
  while (true) {
    const auto measured = take_metrics(stop);
    if (!measured) return;
    const auto body = metrics.request(measured->families, measured->time);
    const auto outcome = send_once(sender, body, stop);
    const milliseconds asked = outcome.result.retry_after;
    if (!outcome.accepted()) wait(std::min(asked, OtlpRetry::kMostRetryAfter), stop);
  }
}

// Waits for metrics. Returns nothing when the exporter ends.
std::optional<OtlpExporter::Measured> OtlpExporter::take_metrics(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, stop, [&] { return metrics_.has_value(); });
  return std::exchange(metrics_, std::nullopt);
}

}  // namespace brownout::proxy
