// Tests the queue model of the fault `overload` against the formulas for M/M/c/K queues. Also tests
// simulated load of other clients ("phantom load") and retries.
#include "rules/chance/queue_model.h"

#include <gtest/gtest.h>

#include <random>
#include <tuple>

#include <cmath>
#include <vector>

#include "rules/chance/overload_model.h"

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

struct Theory {
  double blocked;    // share of requests that are rejected
  double mean_wait;  // mean wait of accepted requests, in units of the mean service time
};

// From Kleinrock, Queueing Systems I, 3.7: the state probabilities p_n follow from the birth-death
// equations, and the mean wait from Little's law.
Theory mmck(double offered, std::size_t c, std::size_t k) {
  std::vector<double> p(k + 1);
  p[0] = 1;
  double sum = 1;
  for (std::size_t n = 1; n <= k; ++n) {
    p[n] = p[n - 1] * offered / static_cast<double>(std::min(n, c));
    sum += p[n];
  }
  double waiting = 0;
  for (std::size_t n = c; n <= k; ++n) waiting += static_cast<double>(n - c) * p[n] / sum;
  const double blocked = p[k] / sum;
  return {blocked, waiting / (offered * (1 - blocked))};
}

struct Measured {
  double blocked;
  double mean_wait;
};

Measured simulate(double offered, std::size_t c, std::size_t places, int count) {
  const Duration service = 10ms;
  QueueModel queue(c, places);
  const Dice dice(7, key_of("arrivals"), 1);
  const auto exponential = [&](std::uint64_t event, double mean) {
    return Duration(std::llround(-std::log1p(-dice.unit(event)) * mean));
  };
  Instant now{};
  double wait = 0;
  int accepted = 0;
  const auto mean = static_cast<double>(service.count());
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    now += exponential(2 * n, mean / offered);
    const auto outcome = queue.arrive(now, exponential(2 * n + 1, mean));
    if (!outcome.accepted) continue;
    ++accepted;
    wait += static_cast<double>(outcome.wait.count()) / mean;
  }
  return {1 - static_cast<double>(accepted) / count, wait / accepted};
}

TEST(QueueModel, MatchesMMcKFormulasWithinTwoPercent) {
  struct Case {
    double offered;  // offered load in Erlang: arrival rate times service time
    std::size_t servers;
    std::size_t places;
  };
  for (const auto& [offered, servers, places] :
       {Case{0.7, 1, 10}, Case{0.9, 1, 30}, Case{1.2, 1, 5}, Case{3.2, 4, 10}, Case{4.5, 4, 8},
        Case{9.0, 10, 20}, Case{2.0, 2, 0}}) {
    const auto theory = mmck(offered, servers, servers + places);
    const auto measured = simulate(offered, servers, places, 3'000'000);
    EXPECT_NEAR(measured.mean_wait, theory.mean_wait, theory.mean_wait * 0.02 + 1e-9)
        << offered << " Erlang on " << servers << " servers with " << places << " places";
    // Rejections rarer than this come in bursts, so this precision would need many more requests.
    if (theory.blocked < 0.02) continue;
    EXPECT_NEAR(measured.blocked, theory.blocked, theory.blocked * 0.02)
        << offered << " Erlang on " << servers << " servers with " << places << " places";
  }
}

TEST(QueueModel, ServesInOrderOfArrival) {
  QueueModel queue(1, 2);
  EXPECT_EQ(queue.arrive(Instant(0ms), 10ms).wait, 0ms);
  EXPECT_EQ(queue.arrive(Instant(1ms), 10ms).wait, 9ms);
  EXPECT_EQ(queue.arrive(Instant(2ms), 10ms).wait, 18ms);
  EXPECT_FALSE(queue.arrive(Instant(3ms), 10ms).accepted);
  EXPECT_EQ(queue.arrive_anyway(Instant(3ms), 10ms).wait, 27ms);
  EXPECT_EQ(queue.in_system(), 4U);
  // The first request has left. The request that was accepted beyond the limit still occupies a
  // place.
  EXPECT_FALSE(queue.arrive(Instant(10ms), 10ms).accepted);
  EXPECT_TRUE(queue.arrive(Instant(20ms), 10ms).accepted);
}

TEST(QueueModel, EarlierTimeCountsAsTheLatestSoFar) {
  QueueModel queue(1, 10);
  queue.arrive(Instant(10ms), 5ms);
  EXPECT_EQ(queue.arrive(Instant(9ms), 5ms).wait, 5ms);
}

OverloadSettings settings(Duration service, std::size_t queue) {
  OverloadSettings made;
  made.service = service;
  made.queue = queue;
  return made;
}

// Compares the mean number of requests in the system, sampled at fixed intervals, with M/M/c/K.
TEST(OverloadModel, PhantomLoadFillsTheQueueAsRealLoadDoes) {
  const auto theory = mmck(0.8, 1, 21);
  OverloadModel model(
      settings(10ms, 20), Dice(3, 1, 1), [](Instant) { return 0.8; }, 0.8, Instant{});
  double wait = 0;
  constexpr int kCount = 40'000;
  for (int i = 1; i <= kCount; ++i) {
    model.advance(Instant(i * 997ms));
    wait += static_cast<double>(model.in_system());
  }
  // Mean number of requests in the system, by Little's law.
  const double expected = (theory.mean_wait + 1) * 0.8 * (1 - theory.blocked);
  EXPECT_NEAR(wait / kCount, expected, expected * 0.05);
}

double failed_share(OverloadModel& model, Duration from, Duration to) {
  model.advance(Instant(from));
  const auto before = model.phantoms();
  model.advance(Instant(to));
  const auto& after = model.phantoms();
  return static_cast<double>(after.failed - before.failed) /
         static_cast<double>(after.arrived - before.arrived);
}

// A surge of ten seconds hits a server at 80% load. Without retries the overload ends with the
// surge. With retries the server stays overloaded.
TEST(OverloadModel, RetriesKeepTheServerOverloadedAfterASurge) {
  const auto load = [](Instant t) { return t >= Instant(60s) && t < Instant(70s) ? 3.0 : 0.8; };
  auto calm = settings(10ms, 500);
  calm.patience = 1s;
  OverloadModel without(calm, Dice(1, 1, 1), load, 3, Instant{});
  EXPECT_LT(failed_share(without, 10s, 60s), 0.01);
  EXPECT_GT(failed_share(without, 60s, 70s), 0.5);
  EXPECT_LT(failed_share(without, 150s, 300s), 0.01);
  auto eager = calm;
  eager.retries = 5;
  OverloadModel with(eager, Dice(1, 1, 1), load, 3, Instant{});
  EXPECT_LT(failed_share(with, 10s, 60s), 0.01);
  EXPECT_GT(failed_share(with, 150s, 300s), 0.5);
  EXPECT_GT(with.phantoms().retries, with.phantoms().arrived / 2);
}

TEST(OverloadModel, TheSameSeedGivesTheSameOutcomes) {
  const auto run = [](std::uint64_t seed) {
    OverloadModel model(
        settings(1ms, 5), Dice(seed, 1, 1), [](Instant) { return 2.0; }, 2, Instant{});
    std::vector<std::size_t> seen;
    for (int i = 1; i < 100; ++i)
      seen.push_back(model.arrive(Instant(i * 3ms), 1, false).in_system);
    return seen;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(OverloadModel, WorkAfterALongPauseIsBounded) {
  OverloadModel model(
      settings(1us, 5), Dice(1, 1, 1), [](Instant) { return 1.0; }, 1, Instant{});
  model.advance(Instant(1000h));
  EXPECT_LE(model.phantoms().arrived, static_cast<std::uint64_t>(OverloadModel::kMostSteps));
}

// For any settings and arrival times, one request costs at most kMostSteps steps of the simulation.
TEST(OverloadModel, WorkPerRequestIsBounded) {
  std::mt19937_64 random(1);
  const auto one_of = [&](std::initializer_list<double> values) {
    return *(values.begin() + random() % values.size());
  };
  for (int world = 0; world < 20; ++world) {
    auto overload = settings(Duration(static_cast<std::int64_t>(one_of({1, 8, 1e3, 1e6, 3.6e12}))),
                             static_cast<std::size_t>(one_of({0, 400, 1e6})));
    overload.concurrency = static_cast<std::size_t>(one_of({1, 8, 1e5}));
    overload.retries = static_cast<std::int64_t>(one_of({0, 3, 1000}));
    overload.patience = Duration(static_cast<std::int64_t>(one_of({1, 1e9, 9e18})));
    overload.retry_after = Duration(static_cast<std::int64_t>(one_of({1e6, 5e8, 9e18})));
    const double load = one_of({0, 0.5, 5, 1e6, 2e6});
    OverloadModel model(
        overload, Dice(random(), 1, 1), [&](Instant) { return load; }, load, Instant{});
    Instant now{};
    for (int i = 0; i < 4; ++i) {
      now = later(now, Duration(static_cast<std::int64_t>(one_of({0, 1e3, 1e9, 1e14, 1e18}))));
      const auto before = model.phantoms().arrived;
      const auto outcome = model.arrive(now, random(), i % 2 == 0);
      ASSERT_LE(model.phantoms().arrived - before,
                static_cast<std::uint64_t>(OverloadModel::kMostSteps));
      ASSERT_GE(outcome.wait, Duration::zero());
      ASSERT_LE(model.in_system(), overload.queue + overload.concurrency + 4);
    }
  }
}

// The load after a gap between requests is correct even if the gap is too long to simulate.
TEST(OverloadModel, ServerIsAsLoadedAfterALongGapAsBefore) {
  for (const auto& [load, least, most] : {std::tuple{0.5, 0.0, 0.05}, std::tuple{5.0, 0.7, 1.0}}) {
    auto overload = settings(8us, 400);
    overload.retries = 2;
    OverloadModel model(
        overload, Dice(1, 1, 1), [load = load](Instant) { return load; }, load, Instant{});
    int refused = 0;
    constexpr int kCount = 60;
    for (int i = 1; i <= kCount; ++i) {
      refused +=
          model.arrive(Instant(i * 1h), static_cast<std::uint64_t>(i), false).accepted ? 0 : 1;
    }
    EXPECT_GE(refused, least * kCount);
    EXPECT_LE(refused, most * kCount);
  }
}

TEST(OverloadModel, EveryDistributionKeepsItsMean) {
  for (const auto shape : {ServiceTime::kExponential, ServiceTime::kConstant, ServiceTime::kUniform,
                           ServiceTime::kPareto}) {
    auto overload = settings(10ms, QueueModel::kEndless);
    overload.distribution = shape;
    OverloadModel model(
        overload, Dice(5, 1, 1), [](Instant) { return 0.0; }, 0, Instant{});
    double sum = 0;
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      sum += std::chrono::duration<double>(model.arrive(Instant(i * 1h), i, false).service).count();
    }
    EXPECT_NEAR(sum / 200'000, 0.010, 0.0002);
  }
}

}  // namespace
}  // namespace brownout::rules
