// Tests the translation of Toxiproxy's toxics: each becomes a fault with its settings in Brownout's
// units.
#include "rules/language/toxic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;
using rules::Toxic;

Toxic toxic_of(std::string_view type, std::vector<double> values, double toxicity = 1) {
  Toxic toxic;
  toxic.name = "t";
  toxic.stream = "upstream";
  toxic.direction = Direction::kUpstream;
  toxic.kind = rules::find_toxic(type);
  toxic.values = std::move(values);
  toxic.toxicity = toxicity;
  return toxic;
}

// The output if "hello" arrives after one second and the end of the stream after two.
std::string output_of(const Toxic& toxic) {
  const auto rule = rules::rule_of(toxic, "chat");
  if (!rule) return "error: " + rule.error().what;
  std::vector<rules::Rule> all;
  if (*rule) all.push_back(**rule);
  VirtualWorld world(rules::RuleSet::activate(all, 1, Instant{}), flow_of(), Direction::kUpstream);
  world.at(1s).send("hello").at(2s).send_fin();
  world.run();
  return world.log();
}

TEST(Toxic, EachToxicIsAFault) {
  EXPECT_EQ(output_of(toxic_of("latency", {100, 0})), "1.1s hello\n2s <FIN>\n");
  EXPECT_EQ(output_of(toxic_of("bandwidth", {0})), "");
  EXPECT_EQ(output_of(toxic_of("slow_close", {500})), "1s hello\n2.5s <FIN>\n");
  EXPECT_EQ(output_of(toxic_of("timeout", {300})), "1.3s <CLOSE>\n");
  EXPECT_EQ(output_of(toxic_of("timeout", {0})), "2s <FIN>\n");
  EXPECT_EQ(output_of(toxic_of("reset_peer", {300})), "1.3s <RST>\n");
  EXPECT_EQ(output_of(toxic_of("slicer", {3, 0, 1000})), "1s hel\n1001ms lo\n2s <FIN>\n");
  EXPECT_EQ(output_of(toxic_of("limit_data", {2})), "1s he\n1s <CLOSE>\n");
  EXPECT_EQ(output_of(toxic_of("packet_loss", {1, 0})), "2s <FIN>\n");
  EXPECT_EQ(output_of(toxic_of("noop", {})), "1s hello\n2s <FIN>\n");
  EXPECT_EQ(rules::all_toxics().size(), 9U);
  EXPECT_EQ(rules::find_toxic("down"), nullptr);
}

TEST(Toxic, RatesAreInKilobytesPerSecond) {
  const auto rule = rules::rule_of(toxic_of("bandwidth", {100}), "chat");
  VirtualWorld world(rules::RuleSet::activate({**rule}, 1, Instant{}), flow_of(),
                     Direction::kUpstream);
  world.at(0s).send(std::string(50'000, 'x'));
  world.run();
  EXPECT_GE(world.left().back().at, Instant(480ms));
  EXPECT_LE(world.left().back().at, Instant(500ms));
}

TEST(Toxic, ToxicityZeroHasNoEffect) {
  for (const auto& kind : rules::all_toxics()) {
    auto toxic = toxic_of(kind.name, std::vector<double>(kind.attributes.size(), 1), 0);
    if (kind.name == "slicer") toxic.values = {3, 0, 0};
    EXPECT_EQ(output_of(toxic), "1s hello\n2s <FIN>\n") << kind.name;
  }
}

TEST(Toxic, AttributesOutOfRangeAreErrors) {
  EXPECT_EQ(output_of(toxic_of("bandwidth", {-1})), "error: rate must not be negative");
  EXPECT_EQ(output_of(toxic_of("slicer", {0, 0, 0})), "error: average_size must be at least 1");
  EXPECT_EQ(output_of(toxic_of("slicer", {5, 6, 0})),
            "error: size_variation must be at most average_size");
  EXPECT_EQ(output_of(toxic_of("slicer", {9, 9, 0})).find("error"), std::string::npos);
  EXPECT_EQ(output_of(toxic_of("packet_loss", {1.1, 0})),
            "error: loss_rate must be between 0 and 1");
  EXPECT_EQ(output_of(toxic_of("latency", {1, 0}, 1.1)), "error: toxicity must be between 0 and 1");
  EXPECT_EQ(output_of(toxic_of("latency", {1, 0}, std::nan(""))),
            "error: toxicity must be between 0 and 1");
  // The delay exceeds the limit of the fault.
  EXPECT_THAT(output_of(toxic_of("latency", {1e12, 0})), testing::StartsWith("error: "));
}

}  // namespace
}  // namespace brownout::test
