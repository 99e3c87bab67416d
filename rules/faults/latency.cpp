#include "rules/faults/latency.h"

#include <algorithm>
#include <cmath>

#include "rules/delay_line.h"
#include "rules/distribution.h"
#include "rules/jitter.h"

namespace brownout::rules {
namespace {

struct Settings {
  Duration delay{};
  Duration jitter{};
  Ratio correlation{};
  Distribution distribution = Distribution::kUniform;
  Ratio spike = Ratio::of(0.01);
  bool round_trip = false;
};

// Holding a delay's worth of a 10 Gbit/s flow keeps latency from becoming a bandwidth limit.
constexpr double kBytesPerSecond = 10e9 / 8;

class LatencyStage final : public HoldingStage {
 public:
  LatencyStage(const Settings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = draws_.count();
    const Duration delay = draw(now);
    if (delay > Duration::zero()) {
      out.note({.action = "delay",
                .delay = delay,
                .bytes = static_cast<std::int64_t>(chunk.size()),
                .ordinal = ordinal},
               now);
    }
    hold(std::move(chunk), later(now, delay), now, out);
  }

  std::size_t allowance() const override {
    const double longest =
        std::chrono::duration<double>(settings_.delay + 4 * settings_.jitter).count();
    return static_cast<std::size_t>(std::min(longest * kBytesPerSecond, 1e12));
  }

 private:
  Duration draw(Instant now) {
    const double varied = deviation(settings_.distribution, draws_.next(), settings_.spike.share());
    const double nanoseconds = static_cast<double>(settings_.delay.count()) +
                               varied * static_cast<double>(settings_.jitter.count());
    const Duration delay{std::llround(std::max(0.0, nanoseconds))};
    const Duration share = settings_.round_trip ? delay / 2 : delay;
    return scaled(share, intensity_.at(now));
  }

  Settings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
};

class Latency final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Latency(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long each chunk waits, on average",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "how much the delay varies around its mean; not larger than the delay"),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it"),
        field("distribution", &Settings::distribution, "the shape of the variation"),
        field(
            "spike", &Settings::spike,
            "for distribution \"spike\": the share of chunks that wait delay + jitter; the others "
            "wait delay"),
        field(
            "round_trip", &Settings::round_trip,
            "split the delay in halves over both directions, so that it is what a ping would show"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.delay, settings.jitter, table, problems);
    if (settings.jitter == Duration::zero() && table.find("distribution") != nullptr) {
      problems.add(position_of(table, "distribution"), "distribution has no effect without jitter",
                   "add a jitter or leave distribution out");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<LatencyStage>(settings_, context);
  }
  bool needs_both_directions() const override { return settings_.round_trip; }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kLatency = describe<Latency>(
    {.name = "latency",
     .level = Level::kBytes,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Every chunk arrives later; throughput is not limited.",
     .magnitude = "chunk, one way (a round trip through both directions feels it twice, unless "
                  "`round_trip = true`)",
     .composition = "delays of several rules add up",
     .source = "tc-netem(8), delay"});

}  // namespace brownout::rules
