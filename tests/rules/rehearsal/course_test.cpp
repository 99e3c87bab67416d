// Tests whole rehearsals in virtual time: phases, clients that fail over, verdicts, and stopping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rehearsal_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

// An outage of seven hours, as at Facebook on 4 October 2021.
const std::string kSevenHours = R"(
[[rule]]
name = "gone"
fault = { type = "refuse" }
[[phase]]
name = "calm"
for = "30m"
[[phase]]
name = "outage"
for = "6h"
rules = ["gone"]
[[phase]]
name = "after"
for = "30m"
recovery = true
[[probe]]
name = "phones"
users = 50
every = "30s"
endpoints = ["chat", "127.0.0.1:2"]
failback = "10m"
)";

std::vector<rules::Verdict> verdicts(const std::string& text, const Service& works) {
  const auto config = outage_config(text);
  rules::Conductor conductor(*config.scenario);
  const auto seen = rehearse(*config.scenario, works, conductor);
  return rules::judge(*config.scenario, seen);
}

bool in_outage(Duration at) { return at >= 30min && at < 6h + 30min; }

TEST(Course, ClientsThatFailOverMeetAllExpectations) {
  const auto found =
      verdicts(kSevenHours + R"(
[[expect]]
metric = "availability"
at_least = "100%"
[[expect]]
metric = "time_to_detect"
at_most = "30s"
[[expect]]
metric = "time_to_failover"
at_most = "30s"
[[expect]]
metric = "time_to_recover"
at_most = "0s"
[[expect]]
metric = "share"
endpoint = "127.0.0.1:2"
phase = "outage"
at_least = "100%"
[[expect]]
metric = "share"
endpoint = "chat"
phase = "after"
within = "15m"
at_least = "100%"
)",
               [](std::size_t endpoint, Duration at) { return endpoint == 1 || !in_outage(at); });
  for (const auto& verdict : found)
    EXPECT_TRUE(verdict.met) << verdict.wanted << ": " << verdict.evidence;
  EXPECT_EQ(found.size(), 6U);
}

TEST(Course, WithoutAContingencyPlanTheVerdictsNameTheCause) {
  auto text = kSevenHours;
  text.replace(text.find(", \"127.0.0.1:2\""), 15, "");
  const auto found = verdicts(text + R"(
[[expect]]
metric = "availability"
phase = "outage"
at_least = "99%"
[[expect]]
metric = "time_to_failover"
at_most = "5m"
[[expect]]
metric = "time_to_recover"
at_most = "1m"
[[expect]]
metric = "availability"
phase = "after"
at_least = "100%"
)",
                              [](std::size_t, Duration at) { return !in_outage(at); });
  EXPECT_FALSE(found[0].met);
  EXPECT_DOUBLE_EQ(*found[0].value, 0);
  EXPECT_THAT(found[0].evidence, HasSubstr("most often: it does not work (36000)"));
  EXPECT_FALSE(found[1].met);
  EXPECT_THAT(found[1].evidence, HasSubstr("never failed over (of 50 users)"));
  EXPECT_TRUE(found[2].met);
  EXPECT_TRUE(found[3].met);
}

TEST(Course, ARetryStormExceedsTheAttemptRate) {
  const auto storm = [](const std::string& backoff) {
    return verdicts(kSevenHours + "attempts = 20\n" + backoff + R"(
[[expect]]
metric = "attempt_rate"
phase = "outage"
at_most = "20/s"
)",
                    [](std::size_t, Duration at) { return !in_outage(at); })
        .front();
  };
  EXPECT_FALSE(storm("").met);
  EXPECT_TRUE(storm("backoff = \"10s\"\njitter = \"50%\"").met)
      << storm("backoff = \"10s\"").evidence;
}

TEST(Course, HaltsWhenAProtectedProbeFails) {
  auto config = outage_config(kSevenHours + R"(
[[probe]]
name = "other team"
every = "10s"
endpoints = ["chat"]
)");
  config.scenario->stops = {{"other team", rules::Ratio::of(0.5), 1min, 3}};
  rules::Conductor conductor(*config.scenario);
  const auto seen = rehearse(
      *config.scenario, [](std::size_t, Duration at) { return !in_outage(at); }, conductor);
  EXPECT_THAT(conductor.why(),
              HasSubstr("more than 50% of the operations of \"other team\" failed"));
  // The rehearsal halts in the first minutes of the outage. The recovery phase then runs at full
  // length.
  ASSERT_EQ(seen.phases.size(), 3U);
  EXPECT_LT(seen.phases[1].end, 32min);
  EXPECT_EQ(seen.phases[2].end - seen.phases[2].begin, 30min);
  EXPECT_EQ(seen.phases[2].phase, 2U);
}

TEST(Course, AFewFailuresDoNotHalt) {
  auto config = outage_config(kSevenHours);
  config.scenario->stops = {{"phones", rules::Ratio::of(0.1), 1min, 3}};
  rules::Conductor conductor(*config.scenario);
  int failures = 0;
  rehearse(
      *config.scenario, [&](std::size_t, Duration at) { return at < 1h || ++failures > 3; },
      conductor);
  EXPECT_FALSE(conductor.halted());
}

TEST(Course, AHaltJumpsToTheRecoveryPhase) {
  const auto config = outage_config(kSevenHours);
  rules::Conductor conductor(*config.scenario);
  EXPECT_EQ(*conductor.advance(0s).phase, 0U);
  EXPECT_EQ(*conductor.advance(40min).phase, 1U);
  conductor.halt(41min, "Ctrl-C");
  const auto step = conductor.advance(41min);
  EXPECT_TRUE(step.changed);
  EXPECT_EQ(*step.phase, 2U);
  EXPECT_FALSE(conductor.advance(70min).changed);
  EXPECT_FALSE(conductor.advance(72min).phase);
  EXPECT_TRUE(conductor.over());
}

TEST(ClientPolicy, BackoffDoublesUpToItsMaximum) {
  rules::Probe probe;
  probe.endpoints = {"a", "b"};
  probe.attempts = 4;
  probe.backoff = 1s;
  probe.backoff_most = 3s;
  rules::ClientPolicy policy(probe, rules::Dice(1, 1, 1));
  EXPECT_EQ(policy.begin(0s), 0U);
  std::string text;
  while (const auto next = policy.failed()) {
    text += std::to_string(next->endpoint) + ":" + rules::to_text(next->wait) + " ";
  }
  EXPECT_EQ(text, "0:1s 0:2s 0:3s 1:3s 1:3s 1:3s 1:3s ");
}

TEST(ClientPolicy, FailsBackToTheFirstEndpoint) {
  rules::Probe probe;
  probe.endpoints = {"a", "b"};
  probe.failback = 60s;
  rules::ClientPolicy policy(probe, rules::Dice(1, 1, 1));
  policy.begin(0s);
  EXPECT_EQ(policy.failed()->endpoint, 1U);
  policy.succeeded(0s);
  EXPECT_EQ(policy.begin(59s), 1U);
  policy.succeeded(59s);
  EXPECT_EQ(policy.begin(60s), 0U);
  EXPECT_EQ(policy.failed()->endpoint, 1U);
  policy.succeeded(60s);
  EXPECT_EQ(policy.begin(119s), 1U);
  EXPECT_EQ(policy.begin(120s), 0U);
}

TEST(Verdict, AnAlertIsAWebhookThatContainsTheWord) {
  const auto config = outage_config(R"(
[[rule]]
name = "gone"
fault = { type = "refuse" }
[[phase]]
name = "calm"
for = "1m"
[[phase]]
name = "outage"
for = "1h"
rules = ["gone"]
)");
  auto scenario = *config.scenario;
  rules::Expectation wanted;
  wanted.metric = rules::Metric::kAlert;
  wanted.alert = "ChatDown";
  wanted.at_most = 300;
  scenario.expectations = {wanted};
  rules::Measurements seen;
  seen.phases = {{0, 0s, 1min}, {1, 1min, 61min}};
  seen.alerts = {{30s, "ChatDown, before"}, {2min, "DiskFull"}, {4min, "ChatDown"}};
  const auto found = rules::judge(scenario, seen).front();
  EXPECT_TRUE(found.met);
  EXPECT_DOUBLE_EQ(*found.value, 180);
  seen.alerts.pop_back();
  EXPECT_FALSE(rules::judge(scenario, seen).front().met);
}

TEST(Tally, PercentilesOfManyValuesComeFromAUniformSample) {
  rules::Sample all;
  for (int i = 1; i <= 10'000; ++i) all.add(i * 1ms);
  EXPECT_EQ(all.percentile(0.99), 9900ms);
  EXPECT_EQ(all.percentile(1), 10s);
  rules::Sample many;
  for (int i = 0; i < 500'000; ++i) many.add((i * 7919LL % 10'000 + 1) * 1ms);
  EXPECT_EQ(many.count(), 500'000U);
  EXPECT_NEAR(static_cast<double>(many.percentile(0.5) / 1ms), 5000, 200);
  EXPECT_NEAR(static_cast<double>(many.percentile(0.99) / 1ms), 9900, 50);
}

// Memory does not grow with the length of a rehearsal.
TEST(Tally, MemoryDoesNotGrowWithOperations) {
  const auto config = outage_config(
      "[[phase]]\nname = \"calm\"\nfor = \"10h\"\n"
      "[[probe]]\nname = \"phones\"\nusers = 3\nendpoints = [\"chat\"]\n"
      "[[expect]]\nmetric = \"availability\"\nat_least = \"100%\"\n");
  rules::Tally tally;
  rules::Operation operation;
  for (int i = 0; i < 30'000; ++i) {
    operation.user = static_cast<std::uint32_t>(i % 3);
    operation.ended = i * 1s;
    operation.ok = i % 2 == 0;
    operation.why = "reason " + std::to_string(i);
    tally.add(*config.scenario, {{0, 0s, 10h}}, operation);
  }
  EXPECT_EQ(tally.expectation(0).all, 30'000U);
  EXPECT_LE(tally.expectation(0).reasons.size(), 201U);
  EXPECT_EQ(tally.probe(0).steps.size(), rules::ProbeTally::kSteps);
  EXPECT_EQ(tally.regions().at("").users.size(), 3U);
}

TEST(Tally, AnOperationAcrossTwoPhasesCountsInThePhaseThatFailedIt) {
  const auto config = outage_config(
      "[[rule]]\nname = \"gone\"\nfault = { type = \"refuse\" }\n"
      "[[phase]]\nname = \"calm\"\nfor = \"10s\"\n"
      "[[phase]]\nname = \"out\"\nfor = \"10s\"\nrules = [\"gone\"]\n"
      "[[phase]]\nname = \"after\"\nfor = \"10s\"\nrecovery = true\n"
      "[[probe]]\nname = \"phones\"\nendpoints = [\"chat\"]\n"
      "[[expect]]\nmetric = \"availability\"\nphase = \"calm\"\nat_least = \"1%\"\n"
      "[[expect]]\nmetric = \"availability\"\nphase = \"out\"\nat_least = \"1%\"\n"
      "[[expect]]\nmetric = \"availability\"\nphase = \"after\"\nat_least = \"1%\"\n");
  const std::vector<rules::PhaseInterval> phases{
      {0, 0s, 10s, 0s, 11s}, {1, 10s, 20s, 12s, 21s}, {2, 20s, 30s, 22s, std::nullopt}};
  // The number of operations that count in each phase.
  const auto where = [&](Duration began, Duration ended, bool ok) {
    rules::Tally tally;
    rules::Operation operation;
    operation.began = began;
    operation.ended = ended;
    operation.ok = ok;
    tally.add(*config.scenario, phases, operation);
    std::string text;
    for (std::size_t i = 0; i < 3; ++i) text += std::to_string(tally.expectation(i).all);
    return text;
  };
  // The rules of the next phase are not active yet
  EXPECT_EQ(where(10500ms, 10600ms, true), "100");
  EXPECT_EQ(where(11500ms, 11600ms, true), "000");
  EXPECT_EQ(where(10s, 13s, true), "000");
  EXPECT_EQ(where(10s, 13s, false), "000");
  EXPECT_EQ(where(12s, 13s, false), "010");
  EXPECT_EQ(where(13s, 25s, false), "010");
  EXPECT_EQ(where(13s, 25s, true), "000");
  EXPECT_EQ(where(22s, 23s, true), "001");
}

// Two synthetic users represent 1000 people; one of them fails in one of two minutes.
TEST(Impact, TheImpactShowsItsArithmetic) {
  rules::Scenario scenario;
  scenario.probes.resize(2);
  scenario.probes[0].region = "eu";
  scenario.regions = {{"eu", {}, 1000}};
  scenario.sectors = {{"health", rules::Ratio::of(0.1), 2, 60}};
  rules::Measurements seen;
  const auto add = [&](std::uint32_t probe, std::uint32_t user, Duration at, bool ok) {
    rules::Operation operation;
    operation.probe = probe;
    operation.user = user;
    operation.began = operation.ended = at;
    operation.ok = ok;
    seen.tally.add(scenario, seen.phases, operation);
  };
  add(0, 0, 1s, true);
  add(0, 1, 1s, true);
  add(0, 0, 61s, false);
  add(0, 1, 61s, true);
  add(1, 0, 61s, false);  // a probe without a region represents no people
  const auto impact = rules::impact_of(scenario, seen);
  ASSERT_EQ(impact.regions.size(), 1U);
  EXPECT_DOUBLE_EQ(impact.regions[0].affected, 500);
  EXPECT_DOUBLE_EQ(impact.regions[0].failed, 500);
  EXPECT_DOUBLE_EQ(impact.regions[0].outage_minutes, 0.5);
  EXPECT_EQ(impact.sectors[0].arithmetic, "10% x 500 failed x 2 + 10% x 0.5 min x 60 = 103");
}

TEST(Verdict, PrintsRoundedTimesAndShares) {
  EXPECT_EQ(rules::print_time(4060s), "1h7m40s");
  EXPECT_EQ(rules::print_time(286s), "4m46s");
  EXPECT_EQ(rules::print_time(1234567us), "1.2s");
  EXPECT_EQ(rules::print_time(23us), "0s");
  EXPECT_EQ(rules::print_value(rules::Metric::kAvailability, 0.98765), "98.77%");
  EXPECT_EQ(rules::print_value(rules::Metric::kAvailability, 0.0028), "0.28%");
  EXPECT_EQ(rules::print_value(rules::Metric::kAvailability, 1), "100%");
}

TEST(Course, RuleHitsCountTheFaultsThatARuleInjectedInAPhase) {
  const auto config = outage_config(kSevenHours + R"(
[[expect]]
metric = "rule_hits"
rule = "gone"
phase = "outage"
at_least = 1
[[expect]]
metric = "rule_hits"
rule = ["gone"]
phase = "calm"
at_most = 0
[[expect]]
metric = "rule_hits"
rule = "gone"
at_least = 5
)");
  rules::Conductor conductor(*config.scenario);
  auto seen = rehearse(
      *config.scenario, [](auto...) { return true; }, conductor);
  const auto met = [&] {
    std::string text;
    for (const auto& verdict : rules::judge(*config.scenario, seen)) {
      text += (verdict.met ? "met: " : "not met: ") + verdict.evidence + "\n";
    }
    return text;
  };
  // A rule that injected no fault proves nothing about the clients.
  EXPECT_EQ(met(),
            "not met: 0 faults happened\nmet: 0 faults happened\nnot met: 0 faults happened\n");
  seen.injected = {{2h, "gone", 3}, {3h, "gone/latency", 1}, {4h, "another", 9}, {7h, "gone", 2}};
  EXPECT_EQ(met(), "met: 4 faults happened\nmet: 0 faults happened\nmet: 6 faults happened\n");
}

TEST(Course, RuleHitsNameRules) {
  const auto errors = [](const std::string& expectation) {
    const auto config = rules::load_toml(outage(kSevenHours + "[[expect]]\n" + expectation));
    return config ? "" : config.error().sorted().front().what;
  };
  EXPECT_EQ(errors("metric = \"rule_hits\"\nat_least = 1"),
            "metric = \"rule_hits\" needs \"rule\"");
  EXPECT_EQ(errors("metric = \"rule_hits\"\nrule = \"no\"\nat_least = 1"),
            "there is no rule \"no\"");
  EXPECT_EQ(errors("metric = \"attempt_rate\"\nrule = \"gone\"\nat_least = \"1/s\""),
            "\"rule\" is only for metric = \"rule_hits\" or \"came_back_early\"");
}

TEST(Course, CameBackEarlyCountsRequestsBeforeRetryAfter) {
  auto config = outage_config(kSevenHours);
  rules::Expectation never;
  never.metric = rules::Metric::kCameBackEarly;
  never.rule = {"gone"};
  never.phase = "outage";
  never.at_most = 0;
  config.scenario->expectations = {never};
  rules::Conductor conductor(*config.scenario);
  auto seen = rehearse(
      *config.scenario, [](auto...) { return true; }, conductor);
  const auto verdict = [&] { return rules::judge(*config.scenario, seen).front(); };
  EXPECT_FALSE(verdict().measured) << "a client that was never told to wait proves nothing";
  EXPECT_EQ(verdict().evidence, "no client got a Retry-After");
  seen.injected = {{2h, "gone", 3, 0}, {4h, "another", 9, 9}};
  EXPECT_TRUE(verdict().met);
  seen.injected = {{2h, "gone", 3, 1}, {3h, "gone", 2, 1}};
  EXPECT_FALSE(verdict().met);
  EXPECT_EQ(
      verdict().evidence,
      "2 requests came before the time in Retry-After was over; clients got Retry-After 3 times");
}

TEST(Course, CameBackEarlyNeedsARuleThatPunishes) {
  const auto errors = [](const std::string& expectation) {
    const auto config = rules::load_toml(outage(kSevenHours + "[[expect]]\n" + expectation));
    return config ? "" : config.error().sorted().front().what;
  };
  EXPECT_EQ(errors("metric = \"came_back_early\"\nat_most = 0"),
            "metric = \"came_back_early\" needs \"rule\"");
  EXPECT_EQ(errors("metric = \"came_back_early\"\nrule = \"gone\"\nat_most = 0"),
            "rule \"gone\" does not count clients that come back before the time in Retry-After");
}

}  // namespace
}  // namespace brownout::test
