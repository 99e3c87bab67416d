#include "proxy/observe/otlp_exporter.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <utility>

#include "proxy/loop/post.h"
#include "proxy/loop/url.h"
#include "rules/base/describe.h"
#include "rules/base/diagnostics.h"
#include "rules/protocols/http1/http.h"

namespace brownout::proxy {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOtlpTimeout(3000);
constexpr milliseconds kOtlpInterval(1000);  // how long events are collected before they are sent
constexpr milliseconds kOtlpMostPause(30'000);
constexpr milliseconds kOtlpAtTheEnd(1500);
constexpr std::size_t kOtlpBatch = 1 << 20;

std::int64_t unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Whether sending the same request again may succeed (OTLP specification, OTLP/HTTP Response).
bool may_retry(const PostResult& result) {
  return result.status == 0 || result.status == 429 || result.status == 502 ||
         result.status == 503 || result.status == 504;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// The paths that the exporter adds to the base URL, and that of a signal which it does not send.
constexpr std::array<std::string_view, 3> kSignalPaths{"/v1/traces", "/v1/metrics", "/v1/logs"};

rules::Result<std::string> base_of(std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return rules::config_error("--otlp: " + rules::in_quotes(url) + " is not an HTTP URL",
                               "give the collector's base URL, e.g. http://127.0.0.1:4318");
  }
  while (url.ends_with('/')) url.pop_back();
  for (const auto path : kSignalPaths) {
    if (!url.ends_with(path)) continue;
    return rules::config_error(
        "--otlp: " + rules::in_quotes(url) + " has the path of one signal",
        "give the collector's base URL, to which Brownout adds the path of each signal: " +
            url.substr(0, url.size() - path.size()));
  }
  return url;
}

// Values may be secrets, so a warning has only numbers.
std::vector<std::string> headers_of_environment() {
  auto headers = otlp_headers(environment("OTEL_EXPORTER_OTLP_HEADERS"));
  for (const auto number : headers.malformed) {
    spdlog::warn(
        "OTEL_EXPORTER_OTLP_HEADERS: pair {} is left out, since it is not NAME=VALUE with a "
        "header's "
        "name",
        number);
  }
  return std::move(headers.lines);
}

}  // namespace

OtlpHeaders otlp_headers(std::string_view text) {
  OtlpHeaders headers;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (trimmed(part).empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(equals + 1, part.size()));
    const auto header = rules::make_header(std::string(trimmed(part.substr(0, equals))),
                                           unescaped(std::string(trimmed(value))));
    if (header && equals < part.size()) {
      headers.lines.push_back(header->name + ": " + header->value);
    } else {
      headers.malformed.push_back(number);
    }
  }
  return headers;
}

rules::Result<std::unique_ptr<OtlpExporter>> OtlpExporter::start(const std::string& url,
                                                                 std::string version) {
  auto base = base_of(url);
  if (!base) return tl::unexpected(base.error());
  OtlpSource source;
  if (auto name = environment("OTEL_SERVICE_NAME"); !name.empty()) source.service = std::move(name);
  source.version = std::move(version);
  std::random_device random;
  source.run = static_cast<std::uint64_t>(random()) << 32 | random();
  auto headers = headers_of_environment();
  return std::unique_ptr<OtlpExporter>(new OtlpExporter(*base, std::move(headers), source));
}

OtlpExporter::OtlpExporter(std::string url, std::vector<std::string> headers, OtlpSource source)
    : url_(std::move(url)),
      headers_(std::move(headers)),
      source_(std::move(source)),
      began_(unix_now()),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

OtlpExporter::~OtlpExporter() {
  thread_.request_stop();
  wake_.notify_all();
  thread_.join();
  lost_ += waiting_.lost + lines_in(waiting_.lines);
  if (lost_ > 0) {
    spdlog::error(
        "OTLP: {} events were not sent: the collector at {} did not take them, or not in time; "
        "check that it runs",
        lost_, url_);
  }
}

void OtlpExporter::submit(std::string lines) {
  const std::lock_guard lock(mutex_);
  if (waiting_.lines.size() + lines.size() > kMostWaiting) {
    waiting_.lost += lines_in(lines);
    return;
  }
  waiting_.lines += lines;
  if (waiting_.lines.size() > kOtlpBatch) wake_.notify_all();
}

void OtlpExporter::submit(std::vector<prometheus::MetricFamily> metrics) {
  const std::lock_guard lock(mutex_);
  waiting_.metrics = std::move(metrics);
}

void OtlpExporter::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) send(take(stop), stop);
  // Sends the events that arrived during the last request.
  const auto last = take(stop);
  if (!last.lines.empty() || last.metrics) send(last, stop);
}

// Waits for a batch of events. A batch never ends inside a line.
OtlpExporter::Batch OtlpExporter::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, kOtlpInterval, [&] { return waiting_.lines.size() > kOtlpBatch; });
  Batch batch;
  batch.metrics = std::exchange(waiting_.metrics, std::nullopt);
  if (waiting_.lines.size() <= kOtlpBatch) {
    batch.lines = std::exchange(waiting_.lines, {});
    return batch;
  }
  const auto end = waiting_.lines.find('\n', kOtlpBatch);
  batch.lines = waiting_.lines.substr(0, end == std::string::npos ? end : end + 1);
  waiting_.lines.erase(0, batch.lines.size());
  return batch;
}

void OtlpExporter::send(const Batch& batch, const std::stop_token& stop) {
  if (batch.metrics)
    send("/v1/metrics", otlp_metrics(*batch.metrics, began_, unix_now(), source_), stop);
  if (const auto traces = otlp_traces(batch.lines, source_); !traces.empty()) {
    if (!send("/v1/traces", traces, stop)) lost_ += lines_in(batch.lines);
  }
}

bool OtlpExporter::send(const std::string& path, const std::string& body,
                        const std::stop_token& stop) {
  for (milliseconds pause = kOtlpInterval;; pause = std::min(2 * pause, kOtlpMostPause)) {
    const bool last = stop.stop_requested();
    const auto result = post(url_ + path, body, last ? kOtlpAtTheEnd : kOtlpTimeout, headers_);
    if (result.error.empty() && result.status >= 200 && result.status <= 299) {
      if (std::exchange(failing_, false)) {
        spdlog::info("OTLP: the collector at {} takes requests again", url_);
      }
      return true;
    }
    const bool retry = may_retry(result) && !last;
    if (!std::exchange(failing_, true)) {
      spdlog::warn("OTLP: the collector did not take {}{}: {}; {}", url_, path,
                   result.error.empty() ? fmt::format("the answer is HTTP status {}", result.status)
                                        : result.error,
                   retry ? "trying again (check that it runs)" : "check the URL of --otlp");
    }
    if (!retry) return false;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace brownout::proxy
