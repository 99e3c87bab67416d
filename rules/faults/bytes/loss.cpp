// loss: delays a TCP stream as lost packets would, and drops datagrams.
//
// A stream passes a simulated TCP sender (rules/chance/tcp_path.h): a window of segments that
// shrinks at losses, retransmissions, and time-outs. Everything behind a lost segment waits for it
// (head-of-line blocking). The round trip is the sum of the key `rtt` and of the delays that other
// rules add to the connection now. Losses are drawn as in tc-netem(8): by `loss` with
// `correlation`, by the four parameters of `gemodel`, or by the five of `state`.
#include <algorithm>
#include <optional>

#include "rules/chance/tcp_path.h"
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
  std::optional<Ratio> p13;
  std::optional<Ratio> p31;
  Ratio p32{};
  Ratio p23{Ratio::kOne};
  Ratio p14{};
  Duration rtt = std::chrono::milliseconds(1);
  Duration rto = std::chrono::milliseconds(200);
  Bytes segment{1460};
};

FourState four_states(const LossSettings& settings) {
  // tc-netem(8): p13 alone corresponds to the Bernoulli model.
  const Ratio not_p13{Ratio::kOne - settings.p13.value_or(Ratio{}).parts_per_billion};
  return {.p13 = settings.p13.value_or(Ratio{}),
          .p31 = settings.p31.value_or(not_p13),
          .p32 = settings.p32,
          .p23 = settings.p23,
          .p14 = settings.p14};
}

LossModel make_model(const LossSettings& settings, const Dice& dice) {
  if (settings.loss) return {dice, *settings.loss, settings.correlation};
  if (settings.p13) return {dice, four_states(settings)};
  return {dice, GilbertElliott{.p = settings.p.value_or(Ratio{}),
                               .r = settings.r.value_or(Ratio{Ratio::kOne}),
                               .loss_in_bad = settings.one_minus_h,
                               .loss_in_good = settings.one_minus_k}};
}

class LossStage final : public Stage {
 public:
  LossStage(const LossSettings& settings, const StageContext& context)
      : rtt_(settings.rtt),
        activity_(context.flow->activity),
        intensity_(context.intensity),
        path_({.least_rto = settings.rto,
               .segment = static_cast<std::size_t>(settings.segment.count)},
              make_model(settings, context.dice)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto bytes = chunk.size();
    waiting_.push(std::move(chunk));
    step(bytes, now, out);
  }
  void pass(Chunk chunk, Instant now, Output& out) override { push(std::move(chunk), now, out); }
  void wake(Instant now, Output& out) override { step(0, now, out); }
  void finish(Instant now, Output& out) override {
    ended_ = true;
    pass_end(now, out);
  }
  void release(Instant now, Output& out) override {
    while (!waiting_.empty()) out.emit(waiting_.pop(), now);
    pass_end(now, out);
  }
  Instant deadline() const override { return failed_ ? kNever : path_.deadline(); }
  std::size_t held() const override { return waiting_.bytes(); }
  std::size_t allowance() const override { return path_.window(); }

 private:
  void step(std::size_t bytes, Instant now, Output& out) {
    const Duration added = activity_ != nullptr ? activity_->round_trip : Duration::zero();
    const auto step = path_.step({now, sum(rtt_, added), intensity_.at(now)}, bytes);
    for (const auto& loss : step.losses) {
      out.note({.action = "lose",
                .bytes = static_cast<std::int64_t>(loss.bytes),
                .ordinal = loss.transmission},
               now);
    }
    for (auto left = step.arrived; left > 0;) {
      Chunk part = waiting_.pop(left);
      left -= part.size();
      out.emit(std::move(part), now);
    }
    if (step.failed) {
      failed_ = true;
      out.note({.action = "time out"}, now);
      return out.close(Close::kReset, now);
    }
    pass_end(now, out);
  }

  // Passes on the end of the stream, once, after the last byte.
  void pass_end(Instant now, Output& out) {
    if (!ended_ || !waiting_.empty()) return;
    ended_ = false;
    out.finish(now);
  }

  Duration rtt_;
  const FlowActivity* activity_;  // may be null
  Intensity intensity_;
  TcpPath path_;
  ChunkQueue waiting_;  // bytes that have not reached the receiver
  bool ended_ = false;
  bool failed_ = false;
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
        field(
            "p13", &Settings::p13,
            "instead of `loss` or `p` (Markov chain with four states: 1 received, 2 received in a "
            "burst, 3 lost in a burst, 4 lost alone): probability, for each segment or datagram, "
            "to change from state 1 to 3"),
        field("p31", &Settings::p31,
              "with `p13`: probability to change from state 3 to 1; if absent, 100% - p13, so that "
              "losses are independent"),
        field("p32", &Settings::p32, "with `p13`: probability to change from state 3 to 2"),
        field("p23", &Settings::p23, "with `p13`: probability to change from state 2 to 3"),
        field("p14", &Settings::p14,
              "with `p13`: probability to change from state 1 to 4, which loses one packet"),
        field("rtt", &Settings::rtt,
              "streams: round trip of the path, to which the delays of `latency` rules on the same "
              "connection are added; a lost segment is sent again after about one round trip",
              {.least = std::chrono::microseconds(100), .most = std::chrono::seconds(100)}),
        field("rto", &Settings::rto,
              "streams: retransmission time-out, in addition to a round trip: the time after which "
              "the sender repeats a segment if no later segment shows that it is lost, for example "
              "the only segment of a message. It doubles at each further loss, up to 120 s",
              {.least = std::chrono::milliseconds(1), .most = std::chrono::seconds(120)}),
        field("segment", &Settings::segment, "streams: size of a segment",
              {.least = Bytes{1}, .most = Bytes{65536}}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const bool bursts = settings.p || settings.r || table.find("1-h") || table.find("1-k");
    const bool states =
        settings.p13 || settings.p31 || table.find("p32") || table.find("p23") || table.find("p14");
    if (settings.loss && bursts) {
      problems.add(position_of(table, "loss"),
                   "loss and the Gilbert-Elliott keys exclude each other",
                   "give `loss` (and `correlation`), or `p`, `r`, `1-h` and `1-k`");
    } else if (states && (settings.loss || bursts)) {
      problems.add(position_of(table, settings.loss ? "loss" : "p"),
                   "the keys of the four states exclude loss and the Gilbert-Elliott keys",
                   "give `loss`, or `p` and `r`, or `p13` to `p14`; see tc-netem(8)");
    } else if (states) {
      check_states(settings, table, problems);
    } else if (!settings.loss && !settings.p) {
      problems.add(table.where, "fault \"loss\" needs \"loss\", \"p\" or \"p13\"",
                   "e.g. loss = \"1%\", or p = \"1%\", r = \"25%\"");
    } else if (settings.p && !settings.r) {
      problems.add(position_of(table, "p"), "p needs r, the probability that a bad period ends",
                   "e.g. r = \"25%\", for bad periods of 4 segments on average; see tc-netem(8)");
    }
    if (!settings.loss && table.find("correlation")) {
      problems.add(position_of(table, "correlation"), "correlation needs loss",
                   "leave it out: the other models already make losses depend on each other");
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
  static void check_states(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.p13) {
      problems.add(table.where, "the keys of the four states need p13",
                   "e.g. p13 = \"1%\", p31 = \"25%\", for bursts of 4 losses on average");
      return;
    }
    const auto model = four_states(settings);
    const auto check_sum = [&](std::string_view key, Ratio first, Ratio second,
                               const std::string& what) {
      if (first.parts_per_billion + second.parts_per_billion <= Ratio::kOne) return;
      problems.add(position_of(table, key), what + " are more than 100% together",
                   "both are probabilities to leave the same state: lower one of them");
    };
    check_sum("p13", model.p13, model.p14, "p13 and p14");
    check_sum(settings.p31 ? "p31" : "p32", model.p31, model.p32,
              settings.p31 ? "p31 and p32" : "p31 (100% - p13 if left out) and p32");
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kLoss = describe<Loss>(
    {.name = "loss",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .keys_for = {{"rtt", kStreams}, {"rto", kStreams}, {"segment", kStreams}},
     .ramp = Ramp::kMagnitude,
     .ramped = "the share of lost segments or datagrams grows from 0% to its full value",
     .summary =
         "A stream is as slow as TCP on a path with losses: it carries about 1.22 x segment / "
         "(round trip x sqrt(loss)), and stalls while a lost segment is sent again. A message of "
         "one segment, or the end of a longer one, waits for the time-out: 200 ms longer than a "
         "round trip, then twice as long and so on. No data is missing. At the time-out after 15 "
         "retransmissions of a segment (15 minutes) the connection is reset. A lost datagram never "
         "arrives.",
     .correct_client = "tolerates a stream that stalls for seconds; it detects a missing datagram, "
                       "and sends it again or continues without it",
     .unit = "segment of a stream, also when it is sent again, or datagram, in each direction",
     .composition = "each rule draws its own losses; the slower one decides, and the stalls add up",
     .source =
         "tc-netem(8), loss; Mathis et al. 1997 (throughput); RFC 5681, RFC 6675 and RFC 8985 "
         "(window, retransmission); RFC 6298, 5; tcp(7), tcp_retries2; RFC 8085, 3.3 (lost "
         "datagrams)"});

}  // namespace brownout::rules
