#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

constexpr std::string_view kOnePercent = "[[rule]]\nfault = { type = \"loss\", loss = \"1%\" }\n";

std::string rule_of(const std::string& fault, const std::string& match = "") {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { " + fault + " }\n";
}

// Both directions of a connection. One of them gets as much as it takes, for ten seconds.
class Bulk final : public rules::ChainOutput {
 public:
  explicit Bulk(const std::string& rules_text, std::uint64_t seed = 1)
      : set_(rules::RuleSet::activate(config_of(rules_text).rules, seed, Instant{})) {
    flow_.activity = &activity_;
    const auto ruled = rules::plan_arrival(*set_, flow_).rules;
    rules::Chain back(flow_, Direction::kUpstream, *this);
    rules::Chain chain(flow_, Direction::kDownstream, *this);
    back.set_rules(rules::for_direction(ruled, Direction::kUpstream), Instant{});
    chain.set_rules(rules::for_direction(ruled, Direction::kDownstream), Instant{});
    const std::string piece(64 << 10, 'x');
    for (Instant now{}; now < Instant(10s); now = chain.deadline()) {
      chain.advance(now);
      while (chain.held() < 1 << 20)
        chain.push(rules::Chunk::copy_of(std::as_bytes(std::span(piece))), now);
    }
  }

  double bytes_per_second() const { return static_cast<double>(bytes_) / 10; }

  void emit(rules::Chunk chunk) override { bytes_ += chunk.size(); }
  void finish() override {}
  void close(rules::Close) override {}
  void answer(std::string_view) override {}
  void injected(const rules::Rule&, Direction, const rules::Note&) override {}

 private:
  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts flow_ = flow_of();
  rules::FlowActivity activity_;
  std::size_t bytes_ = 0;
};

double rate_of(const std::string& rules_text) { return Bulk(rules_text).bytes_per_second(); }

double mathis(double seconds, double loss) { return 1.22 * 1460 / (seconds * std::sqrt(loss)); }

// Sends single segments, which nothing behind them shows to be lost, and counts how late they are.
std::map<Duration, int> stalls_of(const std::string& rules_text) {
  VirtualWorld world(rules_text);
  for (int i = 0; i < 2000; ++i) world.at(i * 36s).send("x");
  world.run(std::chrono::hours(100));
  std::map<Duration, int> stalls;
  for (std::size_t i = 0; i < 2000; ++i)
    ++stalls[world.left()[i].at - Instant(static_cast<int>(i) * 36s)];
  return stalls;
}

TEST(Loss, StallsByDoublingRetransmissionTimeouts) {
  auto stalls = stalls_of(rule_of(R"(type = "loss", loss = "30%")"));
  EXPECT_NEAR(stalls[0s], 1400, 80);
  EXPECT_NEAR(stalls[201ms], 420, 60);
  EXPECT_NEAR(stalls[603ms], 126, 40);
  EXPECT_NEAR(stalls[1407ms], 38, 25);
  for (const auto& [stall, count] : stalls) {
    // Time-outs double from 200 ms and a round trip of 1 ms, so n of them take 201 ms x (2^n - 1).
    const auto n = stall / 201ms + 1;
    EXPECT_EQ(stall % 201ms, 0s) << rules::to_text(stall);
    EXPECT_EQ(n & (n - 1), 0) << rules::to_text(stall);
  }
}

TEST(Loss, LatencyMakesTheRoundTripLonger) {
  const auto loss = rule_of(R"(type = "loss", loss = "30%", rtt = "9ms", rto = "50ms")");
  const auto latency = rule_of(R"(type = "latency", delay = "41ms")", "direction = \"upstream\"");
  for (const auto& rules : {loss + latency, latency + loss}) {
    for (const auto& [stall, count] : stalls_of(rules))
      EXPECT_EQ((stall - 41ms) % 100ms, 0s) << rules::to_text(stall);
  }
}

TEST(Loss, DataBehindALostSegmentWaits) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", loss = "50%", segment = "10 B" })");
  std::string sent;
  for (int i = 0; i < 100; ++i) sent += std::to_string(i % 10);
  world.at(0s).send(sent).at(1ms).send_fin().run();
  EXPECT_EQ(world.bytes(), sent);
  EXPECT_EQ(world.left().back().what, "<FIN>");
  for (std::size_t i = 1; i < world.left().size(); ++i)
    EXPECT_LE(world.left()[i - 1].at, world.left()[i].at);
}

TEST(Loss, GivesUpAfterFifteenRetransmissionsAsLinuxDoes) {
  VirtualWorld world(rule_of(R"(type = "loss", loss = "100%", rtt = "100us", rto = "199.9ms")"));
  world.at(0s).send("x").run();
  ASSERT_EQ(world.left().size(), 1U);
  EXPECT_EQ(world.left()[0].what, "<RST>");
  EXPECT_EQ(world.left()[0].at, Instant(924600ms));  // as in Linux, ip-sysctl, tcp_retries2
  EXPECT_EQ(world.state().injected.load(), 17U);     // 16 transmissions, and the end
}

TEST(Loss, ABulkTransferHasTheThroughputOfMathis) {
  EXPECT_NEAR(rate_of(std::string(kOnePercent)) / mathis(0.001, 0.01), 1, 0.5);
  const auto ten_ms = rule_of(R"(type = "loss", loss = "1%", rtt = "10ms")");
  EXPECT_NEAR(rate_of(ten_ms) / mathis(0.01, 0.01), 1, 0.5);
  const auto latency = rule_of(R"(type = "latency", delay = "25ms", jitter = "3ms")");
  EXPECT_NEAR(rate_of(latency + std::string(kOnePercent)) / mathis(0.051, 0.01), 1, 0.5);
  EXPECT_NEAR(rate_of(std::string(kOnePercent) + latency) / mathis(0.051, 0.01), 1, 0.5);
  const auto halves = rule_of(R"(type = "latency", delay = "49ms", round_trip = true)");
  EXPECT_NEAR(rate_of(halves + std::string(kOnePercent)) / mathis(0.05, 0.01), 1, 0.5);
}

TEST(Loss, TheLowerOfRateAndThroughputDecides) {
  const auto slow = rule_of(R"(type = "bandwidth", rate = "1 MB/s")");
  for (const auto& rules : {slow + std::string(kOnePercent), std::string(kOnePercent) + slow})
    EXPECT_NEAR(rate_of(rules), 1e6, 0.1e6);
  const auto fast = rule_of(R"(type = "bandwidth", rate = "100 MB/s")");
  for (const auto& rules : {fast + std::string(kOnePercent), std::string(kOnePercent) + fast})
    EXPECT_NEAR(rate_of(rules) / mathis(0.001, 0.01), 1, 0.5);
}

TEST(Loss, TenSecondsAreWithinAFactorOfTwoOfRateAndFormula) {
  constexpr double kRate = 400e3;  // bytes per second, above the formula for half of the paths
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const int milliseconds : {10, 50, 100, 200}) {
      for (const double loss : {0.001, 0.005, 0.01, 0.02, 0.05}) {
        const auto delay = std::to_string(milliseconds - 1) + "ms";
        const auto share = std::to_string(loss * 100) + "%";
        const Bulk bulk(
            rule_of("type = \"latency\", round_trip = true, delay = \"" + delay + "\"") +
                rule_of("type = \"bandwidth\", rate = \"400 KB/s\"") +
                rule_of("type = \"loss\", loss = \"" + share + "\""),
            seed);
        const double expected = std::min(kRate, mathis(milliseconds / 1e3, loss));
        const double found = bulk.bytes_per_second() / expected;
        EXPECT_TRUE(found > 0.5 && found < 2)
            << found << " " << delay << " " << share << " " << seed;
      }
    }
  }
}

TEST(Loss, LatencyBesideItIsNeverFaster) {
  double before = rate_of(std::string(kOnePercent));
  for (const auto* delay : {"1ms", "5ms", "25ms", "100ms"}) {
    const auto latency = rule_of("type = \"latency\", delay = \"" + std::string(delay) + "\"");
    const double ahead = rate_of(latency + std::string(kOnePercent));
    const double behind = rate_of(std::string(kOnePercent) + latency);
    EXPECT_LT(std::max(ahead, behind), before) << delay;
    before = std::min(ahead, behind);
  }
}

TEST(Loss, GilbertElliottLosesInBursts) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", p = "1%", r = "20%" })");
  for (int i = 0; i < 5000; ++i) world.at(i * 36s).send("x");
  world.run(std::chrono::hours(100));
  const double share = static_cast<double>(world.state().injected.load()) / 5000;
  EXPECT_NEAR(share, 0.01 / 0.21, 0.015);
}

TEST(Loss, RampScalesTheChance) {
  VirtualWorld world(R"([[rule]]
ramp = "1h"
fault = { type = "loss", loss = "50%" })");
  for (int i = 0; i < 1000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_LT(world.state().injected.load(), 10U);
}

TEST(Loss, DatagramsAreLostInTheConfiguredShare) {
  auto world = VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"loss\", loss = \"5%\" }");
  for (int i = 0; i < 20'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 19'000, 130);
}

// With p = 1% and r = 25%, a share of 1/26 is lost, in bursts of 4 on average.
TEST(Loss, DatagramsAreLostInBursts) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"loss\", p = \"1%\", r = \"25%\" }");
  for (int i = 0; i < 50'000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  const auto lost = 50'000 - static_cast<int>(world.left().size());
  EXPECT_NEAR(lost, 50'000 / 26, 250);
  int bursts = 0;
  int last = -1;
  for (const auto& output : world.left()) {
    bursts += std::stoi(output.what) != last + 1;
    last = std::stoi(output.what);
  }
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 4.0, 0.4);
}

// As `tc ... netem loss state 2% 20% 30% 60% 1%`. Relative to state 1, state 3 has 2/20 and state 4
// has 1/100 of the datagrams, state 2 has 2/20 x 30/60.
TEST(Loss, DatagramsAreLostInFourStates) {
  auto world = VirtualWorld::of_datagrams(
      rule_of(R"(type = "loss", p13 = "2%", p31 = "20%", p32 = "30%", p23 = "60%", p14 = "1%")"));
  for (int i = 0; i < 50'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  const double lost = 50'000 - static_cast<double>(world.left().size());
  EXPECT_NEAR(lost / 50'000, 0.11 / (1 + 0.05 + 0.1 + 0.01), 0.006);
}

TEST(Loss, AStreamOfFourStatesKeepsItsBytes) {
  VirtualWorld world(rule_of(
      R"(type = "loss", p13 = "9%", p31 = "20%", p32 = "30%", p23 = "60%", segment = "10 B")"));
  std::string sent;
  for (int i = 0; i < 1000; ++i) sent += std::to_string(i % 10);
  world.at(0s).send(sent).at(1ms).send_fin().run();
  EXPECT_EQ(world.bytes(), sent);
  EXPECT_EQ(world.left().back().what, "<FIN>");
  EXPECT_GT(world.state().injected.load(), 5U);
}

}  // namespace
}  // namespace brownout::test
