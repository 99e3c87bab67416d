#include "proxy/observe/otlp_metrics.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace brownout::proxy {
namespace {

using prometheus::MetricType;

constexpr int kOtlpCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE in opentelemetry-proto

// Returns the unit as a UCUM code, as OTLP requires. By Prometheus' naming practice, the metric's
// name ends with the unit.
std::string_view otlp_unit(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(std::string_view("_total").size());
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "By";
  return "1";
}

// Adds the buckets of a histogram. Prometheus' counts are cumulative, and its last bound is +Inf.
// OTLP counts each bucket alone, and leaves out the last bound.
void add_otlp_buckets(OtlpObject& point, const prometheus::ClientMetric::Histogram& histogram) {
  point["count"] = std::to_string(histogram.sample_count);
  point["sum"] = histogram.sample_sum;
  auto& counts = point["bucketCounts"] = OtlpObject::array();
  auto& bounds = point["explicitBounds"] = OtlpObject::array();
  std::uint64_t before = 0;
  for (const auto& bucket : histogram.bucket) {
    counts.push_back(std::to_string(bucket.cumulative_count - before));
    before = bucket.cumulative_count;
    if (std::isfinite(bucket.upper_bound)) bounds.push_back(bucket.upper_bound);
  }
}

double cumulative_value(const prometheus::MetricFamily& family,
                        const prometheus::ClientMetric& metric) {
  return family.type == MetricType::Histogram ? static_cast<double>(metric.histogram.sample_count)
                                              : metric.counter.value;
}

}  // namespace

std::int64_t OtlpMetrics::start_of(const prometheus::MetricFamily& family,
                                   const prometheus::ClientMetric& metric) {
  auto key = family.name;
  for (const auto& label : metric.label) key += '\0' + label.name + '\0' + label.value;
  const auto [found, is_new] = series_.try_emplace(std::move(key));
  auto& series = found->second;
  const auto value = cumulative_value(family, metric);
  if (is_new || value < series.value) series.start = previous_;
  series.value = value;
  series.seen = measurements_;
  return series.start;
}

OtlpObject OtlpMetrics::metric(const prometheus::MetricFamily& family, std::int64_t time) {
  auto points = OtlpObject::array();
  for (const auto& metric : family.metric) {
    OtlpObject point{{"attributes", OtlpObject::array()}};
    for (const auto& label : metric.label) {
      point["attributes"].push_back(otlp_attribute(label.name, label.value));
    }
    if (family.type != MetricType::Gauge) {
      // The wall clock may have been set back since the series began.
      const auto start = std::min(start_of(family, metric), time);
      point["startTimeUnixNano"] = std::to_string(start);
    }
    point["timeUnixNano"] = std::to_string(time);
    if (family.type == MetricType::Histogram) {
      add_otlp_buckets(point, metric.histogram);
    } else {
      const bool counter = family.type == MetricType::Counter;
      point["asDouble"] = counter ? metric.counter.value : metric.gauge.value;
    }
    points.push_back(std::move(point));
  }
  OtlpObject metric{
      {"name", family.name}, {"description", family.help}, {"unit", otlp_unit(family.name)}};
  auto& data = metric[family.type == MetricType::Counter     ? "sum"
                      : family.type == MetricType::Histogram ? "histogram"
                                                             : "gauge"];
  if (family.type != MetricType::Gauge) data["aggregationTemporality"] = kOtlpCumulative;
  if (family.type == MetricType::Counter) data["isMonotonic"] = true;
  data["dataPoints"] = std::move(points);
  return metric;
}

std::string OtlpMetrics::request(std::span<const prometheus::MetricFamily> families,
                                 std::int64_t time) {
  ++measurements_;
  auto metrics = OtlpObject::array();
  for (const auto& family : families) {
    if (!family.metric.empty()) metrics.push_back(metric(family, time));
  }
  std::erase_if(series_, [&](const auto& each) { return each.second.seen != measurements_; });
  previous_ = time;
  return otlp_request({"resourceMetrics", "scopeMetrics", "metrics"}, std::move(metrics), source_);
}

}  // namespace brownout::proxy
