#include "rules/chance/tcp_path.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSegment = 1460;

// A path of which the test says for each step whether its transmissions are lost.
class ChosenLosses {
 public:
  explicit ChosenLosses(Duration round_trip)
      : round_trip_(round_trip), path_({}, LossModel(Dice(1, 2, 3), Ratio{Ratio::kOne}, Ratio{})) {}

  ChosenLosses& lose(std::size_t segments) { return step(segments, 1); }
  ChosenLosses& deliver(std::size_t segments) { return step(segments, 0); }
  // Continues to the next deadline, and loses or delivers what is sent then.
  ChosenLosses& then_lose() { return advance().step(0, 1); }
  ChosenLosses& then_deliver() { return advance().step(0, 0); }

  Duration at() const { return now_.time_since_epoch(); }
  std::size_t arrived() const { return arrived_ / kSegment; }
  std::size_t window() const { return path_.window() / kSegment; }
  bool idle() const { return path_.deadline() == kNever; }
  bool failed() const { return failed_; }

 private:
  ChosenLosses& advance() {
    EXPECT_NE(path_.deadline(), kNever);
    now_ = path_.deadline();
    return *this;
  }
  ChosenLosses& step(std::size_t segments, double intensity) {
    const auto step = path_.step({now_, round_trip_, intensity}, segments * kSegment);
    arrived_ += step.arrived;
    failed_ = failed_ || step.failed;
    return *this;
  }

  Duration round_trip_;
  TcpPath path_;
  Instant now_{};
  std::size_t arrived_ = 0;
  bool failed_ = false;
};

TEST(TcpPath, SendsTheInitialWindowAndOneMoreSegmentForEachAcknowledgement) {
  TcpPath path({}, LossModel(Dice(1, 2, 3), Ratio{}, Ratio{}));
  EXPECT_EQ(path.step({Instant(0s), 100ms}, 100 * kSegment).arrived, 10 * kSegment);
  EXPECT_EQ(path.deadline(), Instant(100ms));
  EXPECT_EQ(path.step({Instant(100ms), 100ms}).arrived, 20 * kSegment);
  EXPECT_EQ(path.step({Instant(200ms), 100ms}).arrived, 40 * kSegment);
  EXPECT_EQ(path.step({Instant(300ms), 100ms}).arrived, 30 * kSegment);
  EXPECT_EQ(path.deadline(), kNever);
}

TEST(TcpPath, TheOnlySegmentWaitsForTimeoutsThatDouble) {
  ChosenLosses path(100ms);
  path.lose(1);
  EXPECT_EQ(path.then_lose().at(), 300ms);
  EXPECT_EQ(path.then_lose().at(), 900ms);
  EXPECT_EQ(path.then_deliver().at(), 2100ms);
  EXPECT_EQ(path.arrived(), 1U);
  EXPECT_TRUE(path.idle());
  EXPECT_EQ(path.window(), 1U);
}

TEST(TcpPath, ThreeLaterAcknowledgementsRepairALossAfterOneRoundTrip) {
  ChosenLosses path(100ms);
  path.deliver(2).lose(1).deliver(3);
  EXPECT_EQ(path.arrived(), 2U);
  EXPECT_EQ(path.then_deliver().at(), 100ms);
  EXPECT_EQ(path.arrived(), 6U);
  EXPECT_EQ(path.window(), 5U);
}

TEST(TcpPath, FewerLaterAcknowledgementsRepairALossAQuarterLater) {
  ChosenLosses path(100ms);
  path.lose(1).deliver(2);
  EXPECT_EQ(path.then_deliver().at(), 100ms);
  EXPECT_EQ(path.arrived(), 0U);
  EXPECT_EQ(path.then_deliver().at(), 125ms);
  EXPECT_EQ(path.arrived(), 3U);
}

TEST(TcpPath, AProbeRepairsALostTail) {
  ChosenLosses path(100ms);
  path.deliver(3).lose(2);
  EXPECT_EQ(path.then_deliver().at(), 100ms);  // the acknowledgements of the first three
  EXPECT_EQ(path.then_deliver().at(), 300ms);  // the probe is the last segment
  EXPECT_EQ(path.arrived(), 3U);
  EXPECT_EQ(path.then_deliver().at(), 400ms);  // its acknowledgement shows the other loss
  EXPECT_EQ(path.arrived(), 5U);
}

TEST(TcpPath, TheLastSegmentAloneWaitsForTheTimeout) {
  ChosenLosses path(100ms);
  path.deliver(3).lose(1);
  EXPECT_EQ(path.then_deliver().at(), 100ms);
  EXPECT_EQ(path.then_deliver().at(), 400ms);
  EXPECT_EQ(path.arrived(), 4U);
}

TEST(TcpPath, ALostRetransmissionIsFoundByLaterAcknowledgements) {
  ChosenLosses path(100ms);
  path.lose(1).deliver(9);
  EXPECT_EQ(path.then_lose().at(), 100ms);
  path.deliver(4);
  EXPECT_EQ(path.arrived(), 0U);
  EXPECT_EQ(path.then_deliver().at(), 200ms);
  EXPECT_EQ(path.arrived(), 14U);
  EXPECT_EQ(path.window(), 5U);  // halved once
}

TEST(TcpPath, AWindowWithoutAnyAcknowledgementWaitsForTheTimeout) {
  ChosenLosses path(100ms);
  path.lose(10);
  EXPECT_EQ(path.then_lose().at(), 200ms);  // the probe is lost, too
  EXPECT_EQ(path.then_deliver().at(), 500ms);
  EXPECT_EQ(path.arrived(), 1U);
  EXPECT_EQ(path.then_deliver().at(), 600ms);
  EXPECT_EQ(path.arrived(), 3U);
}

TEST(TcpPath, FailsAtTheTimeoutAfterFifteenRetransmissions) {
  ChosenLosses path(1ms);
  path.lose(1);
  for (int i = 0; i < TcpPath::kMostRetransmissions; ++i) {
    path.then_lose();
    ASSERT_FALSE(path.failed());
  }
  path.then_lose();
  EXPECT_TRUE(path.failed());
  // Ten time-outs of 201 ms, 402 ms, ..., 102.912 s precede six of 120 s.
  EXPECT_EQ(path.at(), 201ms * 1023 + 6 * 120s);
}

TEST(TcpPath, AWindowThatIsNotUsedDoesNotGrow) {
  TcpPath path({}, LossModel(Dice(1, 2, 3), Ratio{}, Ratio{}));
  for (int i = 0; i < 100; ++i) path.step({Instant(i * 150ms), 100ms}, kSegment);
  EXPECT_EQ(path.window(), 10 * kSegment);
}

// Sends as much as the path takes, for ten seconds. Returns bytes per second.
double bulk_rate(double loss, Duration round_trip, std::uint64_t seed) {
  constexpr std::size_t kHeld = 1 << 20;
  TcpPath path({}, LossModel(Dice(seed, 2, 3), Ratio::of(loss), Ratio{}));
  std::size_t arrived = 0;
  std::size_t written = 0;
  for (Instant now{}; now <= Instant(10s); now = path.deadline()) {
    const auto more = arrived + kHeld - written;
    written += more;
    arrived += path.step({now, round_trip}, more).arrived;
  }
  return static_cast<double>(arrived) / 10;
}

double mathis_rate(double loss, Duration round_trip) {
  return 1.22 * kSegment / (std::chrono::duration<double>(round_trip).count() * std::sqrt(loss));
}

TEST(TcpPath, BulkTransfersHaveTheThroughputOfMathis) {
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const auto round_trip : {10ms, 50ms, 100ms, 200ms}) {
      for (const double loss : {0.001, 0.005, 0.01, 0.02, 0.05}) {
        const double share = bulk_rate(loss, round_trip, seed) / mathis_rate(loss, round_trip);
        EXPECT_GT(share, 0.5) << loss << " " << round_trip.count() << "ms, seed " << seed;
        EXPECT_LT(share, 2.0) << loss << " " << round_trip.count() << "ms, seed " << seed;
      }
    }
  }
}

TEST(TcpPath, LongerRoundTripsAndMoreLossAreSlower) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    double before = 1e12;
    for (const auto round_trip : {1ms, 3ms, 10ms, 30ms, 100ms, 300ms}) {
      const double rate = bulk_rate(0.01, round_trip, seed);
      EXPECT_LT(rate, before) << round_trip.count() << "ms";
      before = rate;
    }
    before = 1e12;
    for (const double loss : {0.0001, 0.001, 0.01, 0.1, 0.5}) {
      const double rate = bulk_rate(loss, 20ms, seed);
      EXPECT_LT(rate, before) << loss;
      before = rate;
    }
  }
}

// Random writes, losses and round trips: every byte arrives, in time order, unless the sender gives
// up; and each deadline is later than the step that shows it.
TEST(TcpPath, LosesNothingWhateverHappens) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    TcpPath path(
        {.least_rto = std::chrono::milliseconds(1 + below(300)), .segment = 1 + below(2000)},
        LossModel(Dice(seed, 2, 3), Ratio::of(0.4), Ratio{}));
    std::size_t written = 0;
    std::size_t arrived = 0;
    bool failed = false;
    Instant now{};
    const auto step = [&](std::size_t bytes) {
      const auto round_trip =
          std::chrono::microseconds(100 + below(below(2) == 0 ? 900 : 2'000'000));
      const auto done = path.step({now, round_trip, below(4) == 0 ? 2.0 : 0.5}, bytes);
      written += bytes;
      arrived += done.arrived;
      failed = done.failed;
      ASSERT_LE(arrived, written) << seed;
      ASSERT_TRUE(failed || path.deadline() > now) << seed;
    };
    for (int i = 0; i < 60 && !failed; ++i) {
      const auto write_at = now + std::chrono::microseconds(below(below(3) == 0 ? 1 : 300'000));
      for (; path.deadline() <= write_at && !failed; step(0)) now = path.deadline();
      now = std::max(now, write_at);
      if (!failed) step(below(below(5) == 0 ? 100'000 : 3000));
    }
    for (; path.deadline() != kNever && !failed; step(0)) now = path.deadline();
    EXPECT_TRUE(failed || arrived == written) << seed;
  }
}

}  // namespace
}  // namespace brownout::rules
