#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(ConnectionLimit, CountsOpenConnectionsAndRefusesTheRest) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "connection_limit", max = 2 })")
                                                .rules,
                                            1, Instant{});
  using Verdict = rules::Admission::Verdict;
  auto first = rules::plan_arrival(*set, flow_of(1));
  const auto second = rules::plan_arrival(*set, flow_of(2));
  EXPECT_EQ(first.admission.verdict, Verdict::kServe);
  EXPECT_EQ(second.admission.verdict, Verdict::kServe);
  EXPECT_EQ(rules::plan_arrival(*set, flow_of(3)).admission.verdict, Verdict::kRefuse);
  first.admission.leases.clear();  // ends the connection
  EXPECT_EQ(rules::plan_arrival(*set, flow_of(4)).admission.verdict, Verdict::kServe);
}

TEST(ConnectionLimit, LimitsEachClientAndMayHang) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "connection_limit", max = 1, overflow = "hang", shared = "client" })")
                                                .rules,
                                            1, Instant{});
  using Verdict = rules::Admission::Verdict;
  const auto a = rules::plan_arrival(*set, flow_of(1, "10.0.0.1"));
  const auto b = rules::plan_arrival(*set, flow_of(2, "10.0.0.2"));
  EXPECT_EQ(a.admission.verdict, Verdict::kServe);
  EXPECT_EQ(b.admission.verdict, Verdict::kServe);
  EXPECT_EQ(rules::plan_arrival(*set, flow_of(3, "10.0.0.1")).admission.verdict, Verdict::kHang);
}

// Otherwise one client that has many addresses would use up the limit of the others.
TEST(ConnectionLimit, ClientsBeyondTheTableAreNotLimited) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "connection_limit", max = 1, shared = "client" })")
                                                .rules,
                                            1, Instant{});
  using Verdict = rules::Admission::Verdict;
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    const auto client = "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    rules::plan_arrival(*set, flow_of(i, client));
  }
  const auto known = rules::plan_arrival(*set, flow_of(70'000, "10.1.0.1"));
  EXPECT_EQ(rules::plan_arrival(*set, flow_of(70'001, "10.1.0.1")).admission.verdict,
            Verdict::kRefuse);
  const auto first = rules::plan_arrival(*set, flow_of(70'002, "10.2.0.1"));
  const auto other = rules::plan_arrival(*set, flow_of(70'003, "10.2.0.2"));
  const auto again = rules::plan_arrival(*set, flow_of(70'004, "10.2.0.1"));
  EXPECT_EQ(first.admission.verdict, Verdict::kServe);
  EXPECT_EQ(other.admission.verdict, Verdict::kServe);
  EXPECT_EQ(again.admission.verdict, Verdict::kServe);
}

TEST(ConnectionLimit, AConnectionMayOutliveItsRule) {
  auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "connection_limit", max = 1 })")
                                          .rules,
                                      1, Instant{});
  auto arrival = rules::plan_arrival(*set, flow_of(1));
  set.reset();
  // Must not access freed memory, which the address sanitizer reports
  arrival.admission.leases.clear();
}

}  // namespace
}  // namespace brownout::test
