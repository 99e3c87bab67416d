// Tests the statistics of proxied traffic: histograms, and expectations about listeners and
// regions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/rehearsal_lab.h"

namespace brownout::test {
namespace {

using rules::LatencyHistogram;
using testing::HasSubstr;

TEST(Traffic, PercentilesAreAccurateToAnEighth) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> draw(10, 2);
  LatencyHistogram histogram;
  std::vector<Duration> values;
  for (int i = 0; i < 5000; ++i) {
    values.emplace_back(static_cast<std::int64_t>(draw(random) * 1000));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.count(), 5000U);
  for (const double p : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const auto exact = values[static_cast<std::size_t>(std::ceil(p * 5000)) - 1];
    const auto found = histogram.percentile(p);
    EXPECT_GE(found, std::max<Duration>(exact, 1us)) << p;
    EXPECT_LE(found, std::max<Duration>(exact, 1us) * 9 / 8 + 2us) << p;
  }
  EXPECT_EQ(LatencyHistogram().percentile(0.5), 0s);
}

TEST(Traffic, HistogramsAdd) {
  LatencyHistogram total;
  LatencyHistogram added;
  total.add(1ms, 3);
  added.add(100ms);
  total.add(added);
  ASSERT_EQ(total.buckets().size(), 2U);
  EXPECT_EQ(total.buckets()[0].count, 3U);
  EXPECT_GT(total.buckets()[1].most, 100ms);
  EXPECT_LT(total.percentile(0.75), 2ms);
  EXPECT_GT(total.percentile(0.76), 99ms);
}

class Seen {
 public:
  // Adds traffic in the minute from `begin` on.
  Seen& add(Duration begin, const std::string& listener, const std::string& region,
            std::uint64_t ok, std::uint64_t failed, std::uint64_t connections = 1,
            const std::string& server = "127.0.0.1:1") {
    rules::TrafficStep step{begin, 1min, listener, region, {}};
    step.counts.ok = ok;
    step.counts.failed = failed;
    step.counts.connections = connections;
    step.counts.servers[server] = connections;
    if (ok > 0) step.counts.latency.add(region == "far" ? 300ms : 20ms, ok);
    seen_.traffic.push_back(step);
    return *this;
  }
  std::string judge(const std::string& expectation) {
    const auto config = outage_config(
        "[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\nupstream = \"u\"\n"
        "protocol = \"http\"\n"
        "[[region]]\nname = \"far\"\nclients = \"10.1.0.0/16\"\n"
        "[[phase]]\nname = \"calm\"\nfor = \"1m\"\n[[phase]]\nname = \"outage\"\nfor = \"9m\"\n"
        "[[expect]]\nphase = \"outage\"\n" +
        expectation);
    seen_.phases = {{0, 0s, 1min}, {1, 1min, 10min}};
    const auto verdict = rules::judge(*config.scenario, seen_).front();
    if (!verdict.measured) return "not measured: " + verdict.evidence;
    return (verdict.met ? "met: " : "not met: ") + verdict.evidence;
  }

 private:
  rules::Measurements seen_;
};

TEST(Traffic, ExpectationsSelectByListenerRegionAndPhase) {
  Seen seen;
  seen.add(-1min, "chat", "", 0, 50)  // before the first phase
      .add(0min, "chat", "", 0, 50)
      .add(1min, "chat", "", 98, 2)
      .add(2min, "chat", "far", 50, 50)
      .add(3min, "web", "", 0, 100);
  EXPECT_EQ(seen.judge("metric = \"availability\"\nlistener = \"chat\"\nat_least = \"74%\""),
            "met: 148 of 200 requests were served");
  EXPECT_EQ(seen.judge("metric = \"availability\"\nlistener = \"chat\"\nregion = \"far\"\n"
                       "at_least = \"51%\""),
            "not met: 50 of 100 requests were served");
  EXPECT_EQ(seen.judge("metric = \"latency_p50\"\nlistener = \"chat\"\nat_most = \"25ms\""),
            "met: of 148 answers, accurate to 12.5%");
  EXPECT_EQ(seen.judge("metric = \"latency_p99\"\nlistener = \"chat\"\nat_most = \"299ms\""),
            "not met: of 148 answers, accurate to 12.5%");
  EXPECT_EQ(seen.judge("metric = \"latency_p99\"\nlistener = \"web\"\nat_most = \"299ms\""),
            "not met: no request was answered");
}

TEST(Traffic, WithoutTrafficNothingIsMeasured) {
  Seen seen;
  seen.add(0min, "chat", "", 50, 0);  // before the outage
  for (const auto* expectation :
       {"metric = \"availability\"\nat_most = \"10%\"\n",
        "metric = \"latency_p99\"\nat_most = \"1s\"\n",
        "metric = \"reconnect_rate\"\nat_most = \"2/s\"\n",
        "metric = \"share\"\nserver = \"127.0.0.1:2\"\nat_most = \"50%\"\n"}) {
    EXPECT_THAT(seen.judge(std::string(expectation) + "listener = \"chat\"\n"),
                testing::StartsWith("not measured: "));
  }
}

// In a protocol that Brownout does not parse, a logout message looks like an unanswered request.
TEST(Traffic, UnparsedBytesHaveNoRequestMetrics) {
  const auto problems = [](const std::string& expectation) {
    auto source = outage(
        "[[listener]]\nname = \"raw\"\nlisten = \"127.0.0.1:0\"\nupstream = \"u\"\n"
        "[[phase]]\nname = \"calm\"\nfor = \"1m\"\n[[expect]]\nlistener = \"raw\"\n" +
        expectation);
    const auto loaded = rules::load_toml(source);
    return loaded ? std::string() : rules::render(loaded.error(), "file", source);
  };
  for (const auto* metric : {"availability", "latency_p50", "latency_p99"}) {
    const auto bound = metric[0] == 'a' ? "\"99%\"" : "\"1s\"";
    EXPECT_THAT(problems(std::string("metric = \"") + metric + "\"\nat_most = " + bound + "\n"),
                HasSubstr(std::string(metric) + " cannot be measured at \"raw\""));
  }
  EXPECT_EQ(problems("metric = \"reconnect_rate\"\nat_most = \"1/s\"\n"), "");
}

TEST(Traffic, SharesAndRatesCountConnections) {
  Seen seen;
  seen.add(1min, "chat", "", 1, 0, 30)
      .add(2min, "chat", "far", 1, 0, 90, "127.0.0.1:2")
      .add(2min, "web", "", 1, 0, 60);
  EXPECT_EQ(seen.judge("metric = \"share\"\nserver = \"127.0.0.1:2\"\nat_least = \"50%\""),
            "met: 90 of 180 connections went to this server");
  EXPECT_EQ(
      seen.judge(
          "metric = \"share\"\nserver = \"127.0.0.1:2\"\nlistener = \"chat\"\nat_most = \"70%\""),
      "not met: 90 of 120 connections went to this server");
  EXPECT_EQ(seen.judge("metric = \"reconnect_rate\"\nlistener = \"chat\"\nat_most = \"1.5/s\""),
            "met: peak: 90 connections in 1m");
  EXPECT_EQ(seen.judge("metric = \"reconnect_rate\"\nlistener = [\"chat\", \"web\"]\n"
                       "at_most = \"2/s\""),
            "not met: peak: 150 connections in 1m");
}

}  // namespace
}  // namespace brownout::test
