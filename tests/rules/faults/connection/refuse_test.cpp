#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

std::string verdicts(const std::string& rule, int connections) {
  const auto set = rules::RuleSet::activate(config_of(rule).rules, 1, Instant{});
  std::string text;
  for (int i = 1; i <= connections; ++i) {
    const auto arrival = rules::plan_arrival(*set, flow_of(static_cast<std::uint64_t>(i)));
    text += arrival.admission.verdict == rules::Admission::Verdict::kRefuse ? 'R' : '.';
  }
  return text;
}

TEST(Refuse, FirstRefusesTheFirstConnections) {
  EXPECT_EQ(verdicts("[[rule]]\nmatch = { first = 2 }\nfault = { type = \"refuse\" }", 6),
            "RR....");
}

TEST(Refuse, AfterAndEverySelectConnections) {
  EXPECT_EQ(
      verdicts("[[rule]]\nmatch = { after = 4, every = 3 }\nfault = { type = \"refuse\" }", 12),
      "......R..R..");
}

TEST(Refuse, RefusesTheConfiguredShare) {
  const auto text =
      verdicts("[[rule]]\nprobability = \"20%\"\nfault = { type = \"refuse\" }", 5000);
  EXPECT_NEAR(static_cast<double>(std::count(text.begin(), text.end(), 'R')), 1000, 100);
}

}  // namespace
}  // namespace brownout::test
