// loss: delays a TCP stream as lost packets would.
//
// Every chunk is cut into segments. A lost segment is retransmitted after a time-out that doubles
// each time (RFC 6298, 5.5; Linux: at least 200 ms, at most 120 s). Everything behind the segment
// waits for it (head-of-line blocking). The limit of 15 losses of one segment is that of Linux
// (tcp_retries2, tcp(7)). Losses are drawn as in tc-netem(8): by `loss` with `correlation`, or by
// the four parameters of `gemodel`.
#include <algorithm>
#include <cmath>
#include <optional>

#include "rules/chance/loss_model.h"
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"

namespace brownout::rules {
namespace {

struct LossSettings {
  std::optional<Ratio> loss;
  Ratio correlation{};
  std::optional<Ratio> p;
  std::optional<Ratio> r;
  Ratio one_minus_h{Ratio::kOne};
  Ratio one_minus_k{};
  Duration rto = std::chrono::milliseconds(200);
  Bytes segment{1460};
};

constexpr Duration kLongestTimeout = std::chrono::seconds(120);
constexpr int kMostRetransmissions = 15;

LossModel make_model(const LossSettings& settings, const Dice& dice) {
  if (settings.loss) return {dice, *settings.loss, settings.correlation};
  return {dice, GilbertElliott{.p = settings.p.value_or(Ratio{}),
                               .r = settings.r.value_or(Ratio{Ratio::kOne}),
                               .loss_in_bad = settings.one_minus_h,
                               .loss_in_good = settings.one_minus_k}};
}

class LossStage final : public HoldingStage {
 public:
  LossStage(const LossSettings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        model_(make_model(settings, context.dice)),
        again_(context.dice.split("retransmission")) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto size = static_cast<std::size_t>(settings_.segment.count);
    Instant ready = now;
    std::size_t together = 0;  // number of bytes in the segments that leave at `ready`
    while (together < chunk.size()) {
      const auto segment = std::min(size, chunk.size() - together);
      const Duration stall = next_segment(segment, now, out);
      if (stall > Duration::zero()) {
        if (together > 0) line_.add(chunk.take_front(together), ready);
        together = 0;
        ready = std::max(ready, later(now, stall));
      }
      together += segment;
    }
    hold(std::move(chunk), ready, now, out);
  }

  void wake(Instant now, Output& out) override {
    HoldingStage::wake(now, out);
    if (gives_up_ <= now) out.close(Close::kReset, now);
  }
  Instant deadline() const override { return std::min(HoldingStage::deadline(), gives_up_); }

 private:
  // Returns the delay until a transmission of the next segment arrives; zero if the first
  // transmission arrives.
  Duration next_segment(std::size_t bytes, Instant now, Output& out) {
    const auto ordinal = segments_++;
    const double intensity = intensity_.at(now);
    if (!model_.next(intensity)) return Duration::zero();
    Duration stall = settings_.rto;
    Duration timeout = settings_.rto;
    int sent = 1;
    while (sent < kMostRetransmissions && again_.unit(draws_++) < model_.mean_loss() * intensity) {
      timeout = std::min(timeout * 2, kLongestTimeout);
      stall += timeout;
      ++sent;
    }
    const bool lost_for_good = sent == kMostRetransmissions;
    if (lost_for_good) gives_up_ = std::min(gives_up_, later(now, stall));
    out.note({.action = lost_for_good ? "give up" : "stall",
              .delay = stall,
              .bytes = static_cast<std::int64_t>(bytes),
              .ordinal = ordinal},
             now);
    // A segment whose transmissions are all lost is held forever, so that it does not arrive even
    // when the connection is reset.
    return lost_for_good ? kNever - now : stall;
  }

  LossSettings settings_;
  Intensity intensity_;
  LossModel model_;
  Dice again_;
  std::uint64_t segments_ = 0;
  std::uint64_t draws_ = 0;
  Instant gives_up_ = kNever;
};

class Loss final : public Fault {
 public:
  using Settings = LossSettings;
  explicit Loss(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("loss", &Settings::loss,
              "share of segments or datagrams that are lost, independently of each other "
              "(Bernoulli model); excludes `p`"),
        field("correlation", &Settings::correlation,
              "with `loss`: how much each draw depends on the previous one (0%: not at all), as in "
              "tc-netem(8)"),
        field("p", &Settings::p,
              "instead of `loss` (Gilbert-Elliott model, losses in bursts): probability, for each "
              "segment or datagram, to change from the good to the bad state; needs `r`"),
        field("r", &Settings::r,
              "with `p`: probability to change from the bad to the good state; a bad period lasts "
              "1/r segments on average"),
        field("1-h", &Settings::one_minus_h,
              "with `p`: share of segments that are lost in the bad state"),
        field("1-k", &Settings::one_minus_k,
              "with `p`: share of segments that are lost in the good state"),
        field("rto", &Settings::rto,
              "streams: how long the stream stalls at the first loss of a segment (retransmission "
              "time-out); the time-out doubles at each further loss of the segment, up to 120 s",
              {.least = std::chrono::milliseconds(1), .most = kLongestTimeout}),
        field("segment", &Settings::segment, "streams: size of a segment",
              {.least = Bytes{1}, .most = Bytes{65536}}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const bool model = settings.p || settings.r || table.find("1-h") || table.find("1-k");
    if (settings.loss && model) {
      problems.add(position_of(table, "loss"),
                   "loss and the Gilbert-Elliott keys exclude each other",
                   "give `loss` (and `correlation`), or `p`, `r`, `1-h` and `1-k`");
    } else if (!settings.loss && !settings.p) {
      problems.add(table.where, "fault \"loss\" needs \"loss\" or \"p\"",
                   "e.g. loss = \"1%\", or p = \"1%\", r = \"25%\"");
    } else if (settings.p && !settings.r) {
      problems.add(position_of(table, "p"), "p needs r, the probability that a bad period ends",
                   "e.g. r = \"25%\", for bad periods of 4 segments on average; see tc-netem(8)");
    } else if (!settings.loss && table.find("correlation")) {
      problems.add(
          position_of(table, "correlation"), "correlation needs loss",
          "leave it out: p and r (Gilbert-Elliott model) already make losses depend on each other");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      // A lost datagram never arrives: only the application can send it again.
      return std::make_unique<LossyStage>(make_model(settings_, context.dice), context.intensity);
    }
    return std::make_unique<LossStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kLoss = describe<Loss>(
    {.name = "loss",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .ramped = "the share of lost segments or datagrams grows from 0% to its full value",
     .summary =
         "A stream stalls as TCP does after a lost segment: by default for 200 ms, for 600 ms if "
         "the retransmission is lost, too, then for 1.4 s and so on. No data is missing. After 15 "
         "losses of one segment the connection is reset. A lost datagram never arrives.",
     .correct_client = "tolerates a stream that stalls for seconds; it detects a missing datagram, "
                       "and sends it again or continues without it",
     .unit = "segment of a stream or datagram, in each direction",
     .composition = "each rule draws its own losses; the stalls add up",
     .source =
         "tc-netem(8), loss; RFC 6298, 5; tcp(7), tcp_retries2; RFC 8085, 3.3 (lost datagrams)"});

}  // namespace brownout::rules
