#include "rules/chance/schedule.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Instant;
using rules::kNever;
using rules::Schedule;

constexpr Instant kBegan{1h};

TEST(Schedule, HasOneWindowWithoutRepeat) {
  const Schedule schedule{.start = 10s, .duration = 5s};
  for (const auto now : {Duration(0s), Duration(12s), Duration(1h)}) {
    const auto window = schedule.window(kBegan, kBegan + now);
    EXPECT_EQ(window.open, kBegan + 10s);
    EXPECT_EQ(window.close, kBegan + 15s);
  }
}

TEST(Schedule, RepeatsItsWindowForEver) {
  const Schedule schedule{.start = 10s, .duration = 5s, .repeat = 60s};
  const auto open_at = [&](Duration now) {
    return schedule.window(kBegan, kBegan + now).open - kBegan;
  };
  EXPECT_EQ(open_at(-1h), 10s);
  EXPECT_EQ(open_at(0s), 10s);
  EXPECT_EQ(open_at(14s), 10s);
  EXPECT_EQ(open_at(15s), 70s);
  EXPECT_EQ(open_at(69s), 70s);
  EXPECT_EQ(open_at(74s), 70s);
  EXPECT_EQ(open_at(24h + 15s), 24h + 70s);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 72s), 1);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 80s), 0);
}

TEST(Schedule, RampsUpInEachRepetition) {
  const Schedule schedule{.start = 0s, .duration = 20s, .ramp = 10s, .repeat = 60s};
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 5s), 0.5);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 65s), 0.5);
  EXPECT_EQ(schedule.reaches(kBegan, kBegan + 30s, 0.5), kBegan + 65s);
}

TEST(Schedule, IsOverAtItsEnd) {
  const Schedule schedule{.start = 0s, .duration = 20s, .repeat = 60s, .end = 130s};
  EXPECT_EQ(schedule.window(kBegan, kBegan + 125s).close, kBegan + 130s);
  EXPECT_EQ(schedule.window(kBegan, kBegan + 140s).open, kNever);
  EXPECT_EQ(schedule.reaches(kBegan, kBegan + 140s, 0), kNever);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 185s), 0);
}

TEST(Schedule, TakesOnePeriodAfterTheOther) {
  Schedule schedule{.start = 0s, .duration = {}, .ramp = 4s};
  schedule.periods = std::make_shared<const std::vector<rules::Period>>(
      std::vector<rules::Period>{{10s, 20s}, {20s, 30s}, {1min, 70s}});
  const auto open_at = [&](Duration now) { return schedule.window(kBegan, kBegan + now).open; };
  EXPECT_EQ(schedule.window(kBegan).open, kBegan + 10s);
  EXPECT_EQ(open_at(19s), kBegan + 10s);
  EXPECT_EQ(open_at(20s), kBegan + 20s);
  EXPECT_EQ(open_at(30s), kBegan + 1min);
  EXPECT_EQ(open_at(70s), kNever);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 62s), 0.5);
  EXPECT_EQ(schedule.intensity(kBegan, kBegan + 45s), 0);
  schedule.end = 65s;
  EXPECT_EQ(schedule.window(kBegan, kBegan + 61s).close, kBegan + 65s);
  EXPECT_EQ(open_at(66s), kNever);
}

TEST(Schedule, ARuleWithWindowsActsInEachOfThem) {
  VirtualWorld world(R"([[rule]]
windows = ["1s-2s", "5s-6s"]
fault = { type = "latency", delay = "300ms" })");
  for (const Duration at :
       {Duration(0ms), Duration(1500ms), Duration(3s), Duration(5500ms), Duration(8s)})
    world.at(at).send("a");
  world.run();
  EXPECT_EQ(world.log(), "0s a\n1.8s a\n3s a\n5.8s a\n8s a\n");
}

TEST(Schedule, ARuleThatRepeatsFlapsOnALiveConnection) {
  VirtualWorld world(R"([[rule]]
duration = "1s"
repeat = "10s"
fault = { type = "latency", delay = "300ms" })");
  for (int i = 0; i < 25; ++i) world.at(i * 1s + 500ms).send(std::to_string(i) + " ");
  world.run();
  std::string late;
  for (const auto& arrival : world.left()) {
    const auto sent = Instant(std::stoi(arrival.what) * 1s + 500ms);
    if (arrival.at == sent + 300ms) late += arrival.what;
  }
  EXPECT_EQ(late, "0 10 20 ");
}

TEST(Schedule, EachSecondOfARepetitionHasItsOwnRandomDraw) {
  VirtualWorld world(R"([[rule]]
probability = "50%"
per = "second"
duration = "5s"
repeat = "10s"
fault = { type = "latency", delay = "300ms" })");
  for (int i = 0; i < 400; ++i) world.at(i * 1s + 500ms).send(std::to_string(i) + " ");
  world.run();
  int late = 0;
  for (const auto& arrival : world.left()) {
    const int second = std::stoi(arrival.what);
    if (arrival.at == Instant(second * 1s + 500ms)) continue;
    ++late;
    EXPECT_LT(second % 10, 5);
  }
  EXPECT_NEAR(late, 100, 40);
}

}  // namespace
}  // namespace brownout::test
