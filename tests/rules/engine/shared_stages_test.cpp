#include "rules/engine/shared_stages.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using namespace rules;

const std::string kWindow =
    "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 4, delay = \"1h\" }";

struct Shared {
  Shared() : rule(config_of(kWindow, "dns").rules.at(0)) {}

  std::shared_ptr<Hold> push(std::uint64_t ordinal, const char* client = "10.1.2.3") {
    const auto facts = flow_of(ordinal, client, Carrier::kDns);
    return stages
        .push(*rule.fault, {.dice = {},
                            .intensity = {},
                            .flow = &facts,
                            .direction = Direction::kDownstream,
                            .now = Instant{},
                            .shared = &stages})
        .hold;
  }

  Rule rule;
  SharedStages stages;
};

// A held message is released exactly once, even if one thread calls watch() while another thread
// releases the message.
TEST(SharedStages, EachHoldEndsOnceAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  Shared shared;
  std::atomic<int> told{0};
  std::atomic<int> at_once{0};
  std::vector<std::shared_ptr<Hold>> all[kThreads];
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        auto hold = shared.push(static_cast<std::uint64_t>(t * kEach + i));
        if (!hold) {
          ++at_once;
          continue;
        }
        hold->watch([&] { ++told; });
        all[t].push_back(std::move(hold));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told + at_once, kThreads * kEach) << "windows of four, and all are full";
}

TEST(SharedStages, MessagesReleasedAfterTheNewestWaitForIt) {
  Shared shared;
  // The test repeats, because the position of the last message in the window is random.
  for (std::uint64_t i = 0; i < 400; i += 4) {
    std::vector<std::uint64_t> order;
    std::vector<std::shared_ptr<Hold>> holds;
    for (std::uint64_t j = 0; j < 3; ++j) {
      holds.push_back(shared.push(i + j));
      ASSERT_TRUE(holds.back());
      holds.back()->watch([&order, j] { order.push_back(j); });
    }
    const auto last = shared.push(i + 3);
    if (!last) continue;
    const auto before = order.size();
    EXPECT_LT(before, 4U);
    last->watch([&order] { order.push_back(3); });
    ASSERT_EQ(order.size(), 4U);
    EXPECT_EQ(order[before], 3U) << "in its turn";
  }
}

TEST(SharedStages, MessagesOfClientsBeyondTheTablePassAtOnce) {
  Shared shared;
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    const auto client = "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    shared.push(i, client.c_str());
  }
  EXPECT_TRUE(shared.push(70'000, "10.1.0.1"));
  EXPECT_FALSE(shared.push(70'001, "10.2.0.1"));
  EXPECT_FALSE(shared.push(70'002, "10.2.0.2"));
}

TEST(SharedStages, DestroyedHoldReleasesTheHoldsAfterIt) {
  Shared shared;
  for (int round = 0; round < 50; ++round) {
    int told = 0;
    auto held = shared.push(1);
    held->watch([&] { ++told; });
    shared.push(2);
    shared.push(3);
    shared.push(4);  // destroyed at once, which must not block later holds
    EXPECT_EQ(told, 1);
  }
}

TEST(SharedStages, MessagesPastTheLimitOfAClientPassAtOnce) {
  Shared shared;
  const auto rule =
      config_of("[[rule]]\nfault = { type = \"hold_until\", passes = { qname = \"b\" } }", "dns")
          .rules.at(0);
  auto facts = flow_of(1, "10.1.2.3", Carrier::kDns);
  facts.dns.question = DnsQuestion{"a", DnsType::kA, 1};
  const StageContext context{.dice = {},
                             .intensity = {},
                             .flow = &facts,
                             .direction = Direction::kDownstream,
                             .now = Instant{},
                             .shared = &shared.stages};
  std::vector<std::shared_ptr<Hold>> holds;
  for (std::size_t i = 0; i < SharedStages::kMostHeld; ++i) {
    holds.push_back(shared.stages.push(*rule.fault, context).hold);
    ASSERT_TRUE(holds.back());
  }
  EXPECT_FALSE(shared.stages.push(*rule.fault, context).hold);
  facts.dns.question->name = "b";
  shared.stages.pass(context);
  EXPECT_TRUE(holds.front()->over());
  EXPECT_TRUE(holds.back()->over());
  facts.dns.question->name = "a";
  EXPECT_TRUE(shared.stages.push(*rule.fault, context).hold) << "there is room again";
}

}  // namespace
}  // namespace brownout::test
