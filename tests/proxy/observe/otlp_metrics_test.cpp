// Tests that metrics are converted as the OpenTelemetry protocol specifies, and that each series
// has the time at which it began.
#include "proxy/observe/otlp_metrics.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace brownout::proxy {
namespace {

using Json = nlohmann::json;
using prometheus::MetricFamily;
using prometheus::MetricType;

Json metrics_in(const std::string& request) {
  return Json::parse(request)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
}

MetricFamily counter_of(const std::vector<std::pair<std::string, double>>& values) {
  MetricFamily family{"faults_total", "Faults", MetricType::Counter, {}};
  for (const auto& [rule, value] : values) {
    auto& metric = family.metric.emplace_back();
    metric.label.push_back({"rule", rule});
    metric.counter.value = value;
  }
  return family;
}

// Returns the start and the value of each series, for example "slow@1=5 ".
std::string series_in(OtlpMetrics& metrics, const MetricFamily& family, std::int64_t time) {
  std::string text;
  for (const auto& metric : metrics_in(metrics.request({{family}}, time))) {
    for (const auto& point : metric["sum"]["dataPoints"]) {
      EXPECT_EQ(point["timeUnixNano"], std::to_string(time));
      text += point["attributes"][0]["value"]["stringValue"].get<std::string>() + "@" +
              point["startTimeUnixNano"].get<std::string>() + "=" +
              std::to_string(point["asDouble"].get<int>()) + " ";
    }
  }
  return text;
}

TEST(OtlpMetrics, HaveTheTypesOfTheirFamilies) {
  auto counter = counter_of({{"slow", 5}});
  MetricFamily gauge{"open", "Open", MetricType::Gauge, {}};
  gauge.metric.emplace_back().gauge.value = 2;
  MetricFamily histogram{"delay_seconds", "Delay", MetricType::Histogram, {}};
  auto& delays = histogram.metric.emplace_back().histogram;
  delays.sample_count = 6;
  delays.sample_sum = 1.5;
  delays.bucket = {{1, 0.1}, {4, 1}, {6, std::numeric_limits<double>::infinity()}};
  const std::vector<MetricFamily> families{
      counter, gauge, histogram, {"none", "", MetricType::Counter, {}}};
  OtlpMetrics converter({}, 1);
  const auto metrics = metrics_in(converter.request(families, 2));
  ASSERT_EQ(metrics.size(), 3U);
  const auto sum = metrics.at(0).at("sum");
  EXPECT_EQ(sum.at("aggregationTemporality"), 2);
  EXPECT_EQ(sum.at("isMonotonic"), true);
  EXPECT_EQ(sum.at("dataPoints").at(0).at("asDouble"), 5);
  EXPECT_EQ(sum.at("dataPoints").at(0).at("startTimeUnixNano"), "1");
  EXPECT_EQ(sum.at("dataPoints").at(0).at("timeUnixNano"), "2");
  EXPECT_EQ(sum.at("dataPoints").at(0).at("attributes"),
            Json::parse(R"([{"key":"rule","value":{"stringValue":"slow"}}])"));
  const auto open = metrics.at(1).at("gauge").at("dataPoints").at(0);
  EXPECT_EQ(open.at("asDouble"), 2);
  EXPECT_FALSE(open.contains("startTimeUnixNano"));
  EXPECT_EQ(metrics.at(2).at("histogram").at("aggregationTemporality"), 2);
  const auto point = metrics.at(2).at("histogram").at("dataPoints").at(0);
  EXPECT_EQ(point.at("count"), "6");
  EXPECT_EQ(point.at("bucketCounts"), Json({"1", "3", "2"}));
  EXPECT_EQ(point.at("explicitBounds"), Json({0.1, 1.0}));
}

TEST(OtlpMetrics, HaveUnitsByName) {
  std::vector<MetricFamily> families;
  for (const auto* name :
       {"a_seconds", "cpu_seconds_total", "b_bytes", "b_bytes_total", "c_total", "seconds_up"}) {
    families.push_back({name, "", MetricType::Gauge, {{}}});
  }
  std::string units;
  OtlpMetrics converter({}, 1);
  for (const auto& metric : metrics_in(converter.request(families, 2))) {
    units += metric.at("unit").get<std::string>() + " ";
  }
  EXPECT_EQ(units, "s s By By 1 1 ");
}

TEST(OtlpMetrics, ASeriesThatBeginsAgainHasALaterStart) {
  OtlpMetrics metrics({}, 1);
  EXPECT_EQ(series_in(metrics, counter_of({{"slow", 5}}), 10), "slow@1=5 ");
  EXPECT_EQ(series_in(metrics, counter_of({{"slow", 6}, {"late", 0}}), 20), "slow@1=6 late@10=0 ");
  EXPECT_EQ(series_in(metrics, counter_of({{"late", 1}}), 30), "late@10=1 ");
  EXPECT_EQ(series_in(metrics, counter_of({{"slow", 9}, {"late", 1}}), 40), "slow@30=9 late@10=1 ");
  EXPECT_EQ(series_in(metrics, counter_of({{"slow", 9}, {"late", 0}}), 50), "slow@30=9 late@40=0 ");
  EXPECT_EQ(series_in(metrics, counter_of({{"new", 1}}), 45), "new@45=1 ")
      << "the clock was set back";
}

}  // namespace
}  // namespace brownout::proxy
