// Checks properties that every fault on bytes must have, configured as in its example file, under
// random traffic. Deliberately broken stages prove that the checks detect violations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "rules/language/load_toml.h"
#include "tests/support/broken_stages.h"
#include "tests/support/files.h"
#include "tests/support/properties.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

const std::set<std::string_view> kAltersTheStream{"packet_loss", "corrupt",    "timeout", "reset",
                                                  "limit_data",  "limit_time", "garbage"};

// Settings for faults whose example would not act within a short random connection.
const std::map<std::string_view, std::string_view> kActsSooner{
    {"asymmetric", R"(type = "asymmetric", lost = "upstream")"},
    {"idle_timeout", R"(type = "idle_timeout", after = "100ms")"},
    {"overload", R"(type = "overload", unit = "message", capacity = "20/s", overflow = "slow")"},
    {"unplug", R"(type = "unplug", after = "1s")"},
    {"limit_data", R"(type = "limit_data", bytes = "1000 B")"},
    {"limit_time", R"(type = "limit_time", after = "1s")"}};

// Clears the match, so that examples with direction = "downstream" act, too.
std::shared_ptr<const RuleSet> example_of(std::string_view fault, std::uint64_t seed) {
  const auto sooner = kActsSooner.find(fault);
  if (sooner != kActsSooner.end()) {
    const auto text = "[[rule]]\nfault = { " + std::string(sooner->second) + " }";
    return RuleSet::activate(config_of(text).rules, seed, Instant{});
  }
  auto config = load_toml(read_source("examples/rules/" + std::string(fault) + ".toml"));
  if (!config) return nullptr;
  for (auto& rule : config->rules) rule.match = {};
  return RuleSet::activate(config->rules, seed, Instant{});
}

template <class S>
std::string find_in_broken() {
  const auto set = RuleSet::activate({rule_of<S>()}, 1, Instant{});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto found = find_violation(set, {}, seed);
    if (!found.empty()) return found;
  }
  return {};
}

// Returns fixed seeds and random ones. A failed check prints its seed.
std::vector<std::uint64_t> seeds() {
  std::vector<std::uint64_t> list;
  for (std::uint64_t seed = 0; seed < 60; ++seed) list.push_back(seed);
  const std::uint64_t fresh = std::random_device{}();
  for (std::uint64_t i = 0; i < 20; ++i) list.push_back(fresh + i);
  return list;
}

TEST(StageProperties, HoldForEveryFaultOfTheRegistry) {
  int tried = 0;
  for (const auto* kind : all_faults()) {
    // For other faults see datagram_properties_test.cpp and message_properties_test.cpp.
    if (kind->level != Level::kBytes || !kind->carries(Carrier::kStream)) continue;
    ++tried;
    std::uint64_t acted = 0;
    for (const auto seed : seeds()) {
      const auto set = example_of(kind->name, seed);
      ASSERT_TRUE(set) << kind->name << " has no example that loads";
      const auto violation =
          find_violation(set, {!kAltersTheStream.contains(kind->name)}, seed, &acted);
      ASSERT_EQ(violation, "") << kind->name << ", seed " << seed;
    }
    EXPECT_GT(acted, 0U) << kind->name << " never acted";
  }
  EXPECT_GE(tried, 12);
}

TEST(StageProperties, HoldForRandomChainsOfFaultsThatKeepBytes) {
  std::vector<std::string_view> keepers;
  for (const auto* kind : all_faults()) {
    if (kind->level == Level::kBytes && !kAltersTheStream.contains(kind->name))
      keepers.push_back(kind->name);
  }
  for (const auto seed : seeds()) {
    std::mt19937_64 random(seed);
    std::vector<Rule> rules;
    for (int i = 0; i < 4; ++i) {
      const auto set = example_of(keepers[random() % keepers.size()], seed);
      ASSERT_TRUE(set);
      Rule rule = *set->rules().front();
      rule.name += std::to_string(i);
      rules.push_back(rule);
    }
    ASSERT_EQ(find_violation(RuleSet::activate(rules, seed, Instant{}), {}, seed), "")
        << "seed " << seed;
  }
}

TEST(StageProperties, BrokenStagesAreDetected) {
  EXPECT_EQ(find_in_broken<DropsAByte>(), "bytes were lost");
  EXPECT_EQ(find_in_broken<Reorders>(), "bytes were altered or reordered");
  EXPECT_THAT(find_in_broken<ForgetsFinish>(),
              testing::StartsWith("the end of the stream was not forwarded"));
  EXPECT_EQ(find_in_broken<KeepsOnRelease>(), "bytes were lost");
  EXPECT_EQ(find_in_broken<MiscountsHeld>(), "more bytes out and held than came in");
  EXPECT_EQ(find_in_broken<DependsOnTheDriver>(),
            "one big step of time gave a different result than many small ones");
  EXPECT_EQ(find_in_broken<FinishesTwice>(), "there was output after <FIN>");
}

}  // namespace
}  // namespace brownout::test
