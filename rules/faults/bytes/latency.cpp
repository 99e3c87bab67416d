// latency: delays each chunk by its own time, counted from the chunk's arrival. Several chunks may
// wait at once.
//
// Throughput is not limited as long as the flow may hold delay x rate bytes (see allowance()).
// Jitter never reorders a stream: a chunk with a short delay waits for the chunk ahead.
// Distributions and correlation are those of tc-netem(8).
#include <algorithm>

#include "rules/engine/datagram_queue.h"
#include "rules/engine/delay_line.h"
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"
#include "rules/faults/common/varied_delay.h"

namespace brownout::rules {
namespace {

struct LatencySettings {
  VariedDelay varied{};
  Ratio correlation{};
  std::optional<Frequency> frequency;
  bool round_trip = false;
};

// The highest rate that latency must not limit, 10 Gbit/s: the stage must be able to hold that many
// bytes for the whole delay.
constexpr double kBytesPerSecond = 10e9 / 8;

// Draws and logs the delays of successive chunks.
class Delays {
 public:
  Delays(const LatencySettings& settings, const Dice& dice, const Intensity& intensity)
      : settings_(settings), intensity_(intensity), draws_(dice, settings.correlation) {}

  Instant next(std::size_t bytes, Instant now, Output& out) {
    if (settings_.frequency) {
      if (now < next_) return now;
      next_ = later(now, rounded(1e9 / settings_.frequency->per_second));
    }
    const auto ordinal = draws_.count();
    const Duration delay = draw(now);
    if (delay > Duration::zero()) {
      out.note({.action = "delay",
                .delay = delay,
                .bytes = static_cast<std::int64_t>(bytes),
                .ordinal = ordinal},
               now);
    }
    return later(now, delay);
  }

  // Returns the delay without its variation.
  Duration mean(Instant now) const {
    const Duration share =
        settings_.round_trip ? settings_.varied.delay / 2 : settings_.varied.delay;
    return scaled(share, intensity_.at(now));
  }

  Duration draw(Instant now) {
    const Duration delay = settings_.varied.at(draws_.next());
    const Duration share = settings_.round_trip ? delay / 2 : delay;
    return scaled(share, intensity_.at(now));
  }

 private:
  LatencySettings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
  Instant next_ = Instant::min();  // with `frequency`: from when on a chunk is delayed again
};

// Adds the delay of one direction to the round trip of the flow, for as long as it acts. The fault
// loss needs the round trip.
class RoundTripShare {
 public:
  RoundTripShare(FlowActivity* activity, Duration share) : activity_(activity) { set(share); }
  RoundTripShare(const RoundTripShare&) = delete;
  RoundTripShare& operator=(const RoundTripShare&) = delete;
  ~RoundTripShare() { set(Duration::zero()); }

  void set(Duration share) {
    if (activity_ == nullptr) return;
    activity_->round_trip += share - share_;
    share_ = share;
  }

 private:
  FlowActivity* activity_;  // may be null
  Duration share_{};
};

class LatencyStage final : public HoldingStage {
 public:
  LatencyStage(const LatencySettings& settings, const StageContext& context)
      : delays_(settings, context.dice, context.intensity),
        share_(context.flow->activity, delays_.mean(context.now)) {
    const double longest = std::chrono::duration<double>(settings.varied.longest()).count();
    allowance_ = static_cast<std::size_t>(std::min(longest * kBytesPerSecond, 1e12));
  }

  void push(Chunk chunk, Instant now, Output& out) override {
    share_.set(delays_.mean(now));
    const Instant ready = delays_.next(chunk.size(), now, out);
    hold(std::move(chunk), ready, now, out);
  }
  std::size_t allowance() const override { return allowance_; }

 private:
  Delays delays_;
  RoundTripShare share_;
  std::size_t allowance_;
};

// Each datagram has its own delay: with jitter, a datagram may overtake another.
class DatagramLatencyStage final : public DatagramStage {
 public:
  DatagramLatencyStage(const LatencySettings& settings, const StageContext& context)
      : delays_(settings, context.dice, context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const Instant ready = delays_.next(chunk.size(), now, out);
    hold(std::move(chunk), ready, now, out);
  }

 private:
  Delays delays_;
};

class Latency final : public Fault, public DnsFault {
 public:
  using Settings = LatencySettings;
  explicit Latency(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field_of(&Settings::varied, field("delay", &VariedDelay::delay,
                                          "mean delay of a chunk, a datagram or a DNS answer",
                                          {.most = std::chrono::hours(24), .required = true})),
        field_of(&Settings::varied,
                 field("jitter", &VariedDelay::jitter,
                       "variation around `delay`: with distribution \"uniform\" the largest "
                       "deviation, with \"normal\" the standard deviation, with others the scale "
                       "of the distribution; a delay below zero counts as zero")),
        field("correlation", &Settings::correlation,
              "how much each random delay depends on the previous one (0%: not at all), as in "
              "tc-netem(8)"),
        distribution_field(&Settings::varied),
        distribution_file_field(&Settings::varied),
        sigma_field(&Settings::varied),
        field_of(&Settings::varied,
                 field("spike", &VariedDelay::spike,
                       "for distribution \"spike\": share of chunks that wait delay + jitter; the "
                       "others wait delay")),
        field("frequency", &Settings::frequency,
              "highest number of delays per time in each direction (not for DNS): with \"5/s\", "
              "chunks that arrive within 200 ms after a delayed chunk get no delay of their own; "
              "left out, all chunks are delayed",
              {.least = Frequency{0.001}, .most = Frequency{1000}}),
        field(
            "round_trip", &Settings::round_trip,
            "true: each direction gets half of `delay`, so that a round trip takes `delay` longer"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_variation(settings.varied, table, problems);
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramLatencyStage>(settings_, context);
    }
    return std::make_unique<LatencyStage>(settings_, context);
  }
  const DnsFault* dns() const override { return this; }
  bool acts_on(Carrier carrier) const override {
    return carrier != Carrier::kDns || !settings_.frequency;
  }
  // Delays the DNS answer by the full delay. `round_trip` does not halve it, since the query is not
  // delayed.
  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    Settings whole = settings_;
    whole.round_trip = false;
    const auto delay = Delays(whole, context.dice, context.intensity).draw(context.now);
    verdict.delay += delay;
    if (delay == Duration::zero()) return std::nullopt;
    return Note{.action = "delay", .delay = delay};
  }
  bool needs_both_directions() const override { return settings_.round_trip; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kLatency = describe<Latency>(
    {.name = "latency",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delays grow from 0 to the values that `delay` and `jitter` give",
     .per_chunk = true,
     .summary =
         "Every chunk, datagram or DNS answer arrives later, as over a longer path; throughput is "
         "not limited. With jitter, datagrams may overtake each other; a stream keeps its order.",
     .correct_client = "waits longer than the round trip of a slow network before it gives up or "
                       "repeats a request, and does not rely on the order of datagrams",
     .unit = "chunk (one read of the socket) or datagram, in each direction, so a round trip is "
             "delayed twice unless `round_trip = true`; DNS answer, once",
     .composition = "the delays of all rules add up",
     .source = "tc-netem(8), delay; RFC 6298, 2 (time-outs from measured round trips); RFC 8085, "
               "3.3 (order of datagrams)"});

}  // namespace brownout::rules
