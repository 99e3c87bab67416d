#include <gtest/gtest.h>

#include <set>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string slot(const std::string& keys) {
  return "[[rule]]\nfault = { type = \"slot\", " + keys + " }";
}

// Returns the output as times and sizes, such as "10ms 1460\n".
std::string sizes(const VirtualWorld& world) {
  std::string text;
  for (const auto& output : world.left()) {
    text += rules::to_text(output.at.time_since_epoch()) + " " +
            std::to_string(output.what.size()) + "\n";
  }
  return text;
}

TEST(Slot, LetsGoWhatHasArrivedWhenASlotOpens) {
  auto world = VirtualWorld::of_datagrams(slot("min = \"10ms\""));
  world.at(0ms).send("a").at(4ms).send("b").at(10ms).send("c").at(12ms).send("d").run();
  EXPECT_EQ(world.log(), "10ms a\n10ms b\n10ms c\n22ms d\n");
  EXPECT_EQ(world.notes(), "slot 10ms 0 bytes #0\nslot 10ms 0 bytes #1\n");
}

TEST(Slot, CarriesAtMostThatManyDatagrams) {
  auto world = VirtualWorld::of_datagrams(slot("min = \"10ms\", packets = 2"));
  for (const char* datagram : {"a", "b", "c", "d", "e"}) world.at(0ms).send(datagram);
  world.run();
  EXPECT_EQ(world.log(), "10ms a\n10ms b\n20ms c\n20ms d\n30ms e\n");
}

TEST(Slot, TheDatagramThatFillsASlotLeavesInIt) {
  auto world = VirtualWorld::of_datagrams(slot("min = \"10ms\", bytes = \"2000 B\""));
  for (int i = 0; i < 3; ++i) world.at(0ms).send(std::string(1500, 'x'));
  world.run();
  EXPECT_EQ(sizes(world), "10ms 1500\n10ms 1500\n20ms 1500\n");
}

TEST(Slot, AStreamCountsAsSegments) {
  for (const auto& [keys, expected] :
       {std::pair{"packets = 1", "10ms 1460\n20ms 1460\n30ms 1080\n"},
        std::pair{"packets = 2", "10ms 2920\n20ms 1080\n"},
        std::pair{"bytes = \"1500 B\"", "10ms 1500\n20ms 1500\n30ms 1000\n"},
        std::pair{"bytes = \"3000 B\", packets = 2", "10ms 2920\n20ms 1080\n"},
        std::pair{"packets = 5", "10ms 4000\n"}}) {
    VirtualWorld world(slot("min = \"10ms\", " + std::string(keys)));
    world.at(0ms).send(std::string(4000, 'x')).run();
    EXPECT_EQ(sizes(world), expected) << keys;
  }
}

TEST(Slot, OpensAtARandomTimeInItsRange) {
  const auto log_of = [](std::uint64_t seed) {
    VirtualWorld world(slot("min = \"10ms\", max = \"30ms\""), rules::Direction::kUpstream, seed);
    for (int i = 0; i < 300; ++i) world.at(i * 1s).send("x");
    world.run();
    std::set<Duration> waits;
    for (std::size_t i = 0; i < 300; ++i) {
      waits.insert(world.left()[i].at - Instant(static_cast<int>(i) * 1s));
    }
    EXPECT_GE(*waits.begin(), 10ms);
    EXPECT_LE(*waits.rbegin(), 30ms);
    EXPECT_LT(*waits.begin(), 11ms);
    EXPECT_GT(*waits.rbegin(), 29ms);
    return world.log();
  };
  EXPECT_EQ(log_of(1), log_of(1));
  EXPECT_NE(log_of(1), log_of(2));
}

TEST(Slot, OpensNoMoreOftenAtTheBeginOfARamp) {
  VirtualWorld world(
      "[[rule]]\nramp = \"1h\"\nfault = { type = \"slot\", min = \"10ms\", bytes = "
      "\"1 B\" }");
  world.at(0s).send("abc").run();
  EXPECT_EQ(world.log(), "0s a\n100us b\n200us c\n");
}

TEST(Slot, TheEndOfTheStreamFollowsTheBytes) {
  VirtualWorld world(slot("min = \"10ms\""));
  world.at(0s).send("a").at(1ms).send_fin().run();
  EXPECT_EQ(world.log(), "10ms a\n10ms <FIN>\n");
}

TEST(Slot, LosesNothingWhenTheRuleEnds) {
  VirtualWorld world(slot("min = \"10ms\", packets = 1"));
  world.at(0ms).send("a").at(1ms).send("b").at(5ms).reload("").at(6ms).send("c").run();
  EXPECT_EQ(world.log(), "5ms a\n5ms b\n6ms c\n");
  auto datagrams = VirtualWorld::of_datagrams(slot("min = \"10ms\", packets = 1"));
  datagrams.at(0ms).send("a").at(1ms).send("").at(5ms).reload("").run();
  EXPECT_EQ(datagrams.log(), "5ms a\n5ms \n");
}

TEST(Slot, RampsFromNoWaitToItsTimes) {
  VirtualWorld world("[[rule]]\nramp = \"10s\"\nfault = { type = \"slot\", min = \"10ms\" }");
  world.at(0s).send("a").at(5s).send("b").at(20s).send("c").run();
  EXPECT_EQ(world.log(), "0s a\n5005ms b\n20.01s c\n");
}

// A slot must not throttle a stream without limits.
TEST(Slot, CanHoldAllBytesOfItsTime) {
  VirtualWorld world(slot("min = \"10ms\", max = \"100ms\""));
  world.at(0s).send("a").run(1ms);
  EXPECT_EQ(world.chain().allowance(), 125'000'000U);
}

TEST(Slot, RefusesTimesThatMakeNoSlots) {
  EXPECT_EQ(first_problem_of(slot("min = \"30ms\", max = \"10ms\"")),
            "max 10ms is less than min 30ms");
  EXPECT_EQ(first_problem_of(slot("min = \"0s\"")), "slots of 0s have no effect");
  EXPECT_EQ(first_problem_of(slot("min = \"1ns\", bytes = \"1 B\"")),
            "slots of 1ns are shorter than 100us: they would open more often than a timer can wake "
            "the proxy");
  EXPECT_EQ(first_problem_of(slot("min = \"0s\", max = \"100us\"")), "");
  EXPECT_EQ(first_problem_of(slot("max = \"1s\"")), "fault \"slot\" needs \"min\"");
  EXPECT_EQ(first_problem_of(slot("min = \"1s\", packets = 0")), "packets: 0 is out of range");
  EXPECT_EQ(first_problem_of(slot("min = \"1s\", bytes = \"0 B\"")), "bytes: 0 B is out of range");
}

}  // namespace
}  // namespace brownout::test
