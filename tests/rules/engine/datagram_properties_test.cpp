// Checks that every fault on datagrams has these properties, under random traffic:
// - Datagrams keep their boundaries.
// - No datagram is invented, and none is lost unless the fault loses datagrams.
// - One big step of time gives the same result as many small ones.
// - No datagram is held after the rule has been removed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "rules/language/load_toml.h"
#include "tests/support/broken_stages.h"
#include "tests/support/files.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using namespace rules;

const std::set<std::string_view> kLoses{"drop",       "loss",         "packet_loss",
                                        "bandwidth",  "idle_timeout", "mtu_blackhole",
                                        "asymmetric", "flush_state"};

// Settings for faults whose example would not act within a short random session.
const std::map<std::string_view, std::string_view> kActsSoonerOnDatagrams{
    {"asymmetric", R"(type = "asymmetric", lost = "upstream")"},
    {"idle_timeout", R"(type = "idle_timeout", after = "25ms")"},
    {"mtu_blackhole", R"(type = "mtu_blackhole", size = "700 B")"},
    {"overload", R"(type = "overload", unit = "message", capacity = "20/s", queue = 1000)"},
    {"corrupt", R"(type = "corrupt", chance = "0.1%")"}};

std::vector<Rule> rules_of_example(std::string_view fault) {
  const auto sooner = kActsSoonerOnDatagrams.find(fault);
  if (sooner != kActsSoonerOnDatagrams.end()) {
    const auto text = "[[rule]]\nfault = { " + std::string(sooner->second) + " }";
    return config_of(text, "udp").rules;
  }
  auto config = load_toml(read_source("examples/rules/" + std::string(fault) + ".toml"));
  if (!config) return {};
  std::vector<Rule> rules;
  for (auto& rule : config->rules) {
    if (rule.kind->name != fault) continue;
    rule.match = {};
    rules.push_back(rule);
  }
  return rules;
}

struct Outcome {
  std::string log;
  std::map<std::string, int> arrived;
  std::size_t held_at_the_end = 0;
  std::uint64_t injected = 0;
};

Outcome play(const std::vector<Rule>& rules, std::uint64_t seed, bool coarsely,
             std::map<std::string, int>& sent) {
  // Alternate the direction, because some faults act in one direction only.
  VirtualWorld world(RuleSet::activate(rules, seed, Instant{}),
                     flow_of(1, "10.1.2.3", Carrier::kDatagram),
                     seed % 2 == 0 ? Direction::kUpstream : Direction::kDownstream);
  std::mt19937_64 random(seed);
  Duration at{};
  const auto count = 1 + random() % 60;
  for (std::uint64_t i = 0; i < count; ++i) {
    at += Duration(static_cast<std::int64_t>(random() % 3 == 0 ? 0 : random() % 30'000'000));
    auto datagram = std::to_string(i) + ":" + std::string(random() % 1400, 'x');
    ++sent[datagram];
    world.at(at).send(std::move(datagram));
  }
  Outcome outcome;
  world.at(10min).call([&] {
    world.chain().set_rules({}, Instant(10min));
    outcome.held_at_the_end = world.chain().held();
  });
  coarsely ? world.run_coarsely() : world.run();
  outcome.log = world.log() + world.notes();
  for (const auto& output : world.left()) ++outcome.arrived[output.what];
  for (const auto& rule : world.set()->rules()) outcome.injected += rule->state->injected.load();
  return outcome;
}

std::string find_datagram_violation(const FaultKind& kind, const std::vector<Rule>& rules,
                                    std::uint64_t seed, std::uint64_t& acted) {
  std::map<std::string, int> sent;
  std::map<std::string, int> sent_again;
  const auto fine = play(rules, seed, false, sent);
  const auto coarse = play(rules, seed, true, sent_again);
  acted += fine.injected;
  if (fine.arrived != coarse.arrived)
    return "one big step of time gave a different result than many small ones";
  if (fine.held_at_the_end != 0) return "datagrams are held after the rule was removed";
  if (kind.name == "corrupt") return {};
  for (const auto& [datagram, times] : fine.arrived) {
    if (!sent.contains(datagram)) return "a datagram was invented: " + datagram.substr(0, 20);
    if (times > 1 && kind.name != "duplicate") return "a datagram came twice";
  }
  if (!kLoses.contains(kind.name) && fine.arrived.size() != sent.size()) return "one was lost";
  return {};
}

TEST(DatagramProperties, HoldForEveryFaultThatActsOnDatagrams) {
  int tried = 0;
  for (const auto* kind : all_faults()) {
    if (kind->level != Level::kBytes || !kind->carries(Carrier::kDatagram)) continue;
    const auto rules = rules_of_example(kind->name);
    ASSERT_FALSE(rules.empty()) << kind->name;
    ++tried;
    std::uint64_t acted = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      ASSERT_EQ(find_datagram_violation(*kind, rules, seed, acted), "")
          << kind->name << ", seed " << seed;
    }
    EXPECT_GT(acted, 0U) << kind->name << " never acted";
  }
  EXPECT_GE(tried, 8);
}

class Merges final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    if (last_.empty()) {
      last_ = std::move(chunk);
      return;
    }
    std::string both;
    for (const auto* part : {&last_, &chunk}) {
      for (const auto byte : part->bytes()) both += static_cast<char>(byte);
    }
    last_ = {};
    out.emit(Chunk::copy_of(std::as_bytes(std::span(both))), now);
  }

 private:
  Chunk last_;
};

TEST(DatagramProperties, BrokenStageIsDetected) {
  const auto rule = rule_of<Merges, Carrier::kDatagram>();
  std::uint64_t acted = 0;
  EXPECT_NE(find_datagram_violation(*rule.kind, {rule}, 3, acted), "");
}

}  // namespace
}  // namespace brownout::test
