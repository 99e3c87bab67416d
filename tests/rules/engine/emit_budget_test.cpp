#include "rules/engine/emit_budget.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::EmitBudget;

const std::string kHold = "[[rule]]\nfault = { type = \"latency\", delay = \"1h\" }\n";
const std::string kSlot = "[[rule]]\nfault = { type = \"slot\", min = \"10s\" }\n";

// A chain with a budget, in which `count` datagrams "0 ", "1 ", ... have arrived.
struct BudgetWorld {
  explicit BudgetWorld(const std::string& rules, int count = 1000)
      : world(VirtualWorld::of_datagrams(rules)) {
    world.chain().limit(budget);
    for (int i = 0; i < count; ++i) {
      world.at(1s).send(std::to_string(i) + " ");
      expected += std::to_string(i) + " ";
    }
  }

  // Lets the chain go on in further iterations of the event loop, until it is no longer late.
  // Returns how many iterations it took.
  int go_on(Instant now) {
    int iterations = 0;
    while (world.chain().late() && iterations < 1000) {
      budget.begin(++iteration);
      world.chain().advance(now);
      ++iterations;
    }
    return iterations;
  }

  EmitBudget budget;
  std::uint64_t iteration = 0;
  VirtualWorld world;
  std::string expected;
};

TEST(EmitBudget, ARemovedRuleReleasesInSeveralIterations) {
  BudgetWorld test(kHold);
  auto& world = test.world;
  world.at(2s).call([&] { test.budget.begin(++test.iteration); }).reload("");
  world.run_coarsely(3s);
  EXPECT_LT(world.left().size(), 300U);
  EXPECT_GT(world.left().size(), 200U);
  EXPECT_TRUE(world.chain().late());
  EXPECT_FALSE(world.chain().empty());
  EXPECT_GT(world.chain().held_datagrams(), 700U);
  EXPECT_GE(test.go_on(Instant(3s)), 3);
  EXPECT_EQ(world.bytes(), test.expected);
  EXPECT_TRUE(world.chain().empty());
  EXPECT_EQ(world.chain().held(), 0U);
}

TEST(EmitBudget, NewDatagramsQueueBehindThoseThatLeave) {
  BudgetWorld test(kHold);
  auto& world = test.world;
  world.at(2s).call([&] { test.budget.begin(++test.iteration); }).reload("");
  world.at(3s).send("new").run_coarsely(3s);
  EXPECT_GE(world.chain().held(), 3U);
  test.go_on(Instant(3s));
  EXPECT_EQ(world.bytes(), test.expected + "new");
  EXPECT_TRUE(world.chain().empty());
}

TEST(EmitBudget, ASlotThatOpensLetsGoInSeveralIterations) {
  BudgetWorld test(kSlot);
  auto& world = test.world;
  world.at(10s).call([&] { test.budget.begin(++test.iteration); });
  world.at(11500ms).send("new").run_coarsely(12s);
  EXPECT_LT(world.left().size(), 300U);
  EXPECT_GE(test.go_on(Instant(12s)), 3);
  EXPECT_EQ(world.bytes(), test.expected);
  test.budget.begin(++test.iteration);
  world.chain().advance(Instant(1min));
  EXPECT_EQ(world.bytes(), test.expected + "new");
}

// The datagrams of the first rule pass the second, which begins to hold them when it gets them.
TEST(EmitBudget, ReleasedDatagramsPassTheRulesThatStay) {
  const std::string second =
      "[[rule]]\nname = \"second\"\n"
      "fault = { type = \"latency\", delay = \"5s\" }\n";
  BudgetWorld test(kHold + second);
  auto& world = test.world;
  world.at(2s).call([&] { test.budget.begin(++test.iteration); }).reload(second);
  world.run_coarsely(3s);
  test.go_on(Instant(3s));
  EXPECT_EQ(world.bytes(), "");
  test.budget.begin(++test.iteration);
  world.chain().advance(Instant(8s));
  EXPECT_TRUE(world.chain().late());
  test.go_on(Instant(8s));
  EXPECT_EQ(world.bytes(), test.expected);
}

TEST(EmitBudget, TheEndOfAWindowAndAReloadDuringItLoseNothing) {
  const std::string window =
      "[[rule]]\nduration = \"2s\"\nfault = { type = \"latency\", delay = \"1h\" }\n";
  BudgetWorld test(window);
  auto& world = test.world;
  world.at(1500ms).call([&] { test.budget.begin(++test.iteration); });
  world.at(3s).reload(kHold).send("held");
  world.run_coarsely(3s);
  EXPECT_TRUE(world.chain().late());
  test.go_on(Instant(3s));
  EXPECT_EQ(world.bytes(), test.expected);
  EXPECT_EQ(world.chain().held(), 4U);
}

TEST(EmitBudget, DatagramsPayForTheirOwnWay) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"latency\", delay = \"0s\" }");
  EmitBudget budget;
  world.chain().limit(budget);
  for (int i = 0; i < 1000; ++i) world.at(1s).send("x");
  world.run_coarsely(1s);
  EXPECT_EQ(world.left().size(), 1000U);
}

}  // namespace
}  // namespace brownout::test
