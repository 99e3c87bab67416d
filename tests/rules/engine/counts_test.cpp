// Tests the match keys `first`, `after`, `every` and `once`, which select connections or datagrams
// by their number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/engine/arrival_counter.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

// Returns the connections that the rule selects, when each client opens ten. ".1:2" is the second
// connection of the client whose address ends with ".1".
std::string selected(const std::string& keys, const std::vector<std::string>& clients) {
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nmatch = { " + keys + " }\nfault = { type = \"refuse\" }").rules, 1,
      Instant{});
  std::string text;
  std::uint64_t ordinal = 0;
  for (int i = 1; i <= 10; ++i) {
    for (const auto& client : clients) {
      const auto arrival = rules::plan_arrival(*set, flow_of(++ordinal, client));
      if (!arrival.notes.empty())
        text += client.substr(client.rfind('.')) + ":" + std::to_string(i) + " ";
    }
  }
  return text;
}

TEST(Counts, SelectConnectionsByNumber) {
  EXPECT_EQ(selected("first = 2", {"10.0.0.1"}), ".1:1 .1:2 ");
  EXPECT_EQ(selected("after = 2, once = true", {"10.0.0.1"}), ".1:3 ");
  EXPECT_EQ(selected("after = 1, every = 4", {"10.0.0.1"}), ".1:5 .1:9 ");
}

TEST(Counts, AreForAllClientsTogetherUnlessARuleCountsPerClient) {
  EXPECT_EQ(selected("once = true", {"10.0.0.1", "10.0.0.2"}), ".1:1 ");
  EXPECT_EQ(selected("after = 2, once = true, count_per = \"client\"", {"10.0.0.1", "10.0.0.2"}),
            ".1:3 .2:3 ");
}

TEST(Counts, CanCountClients) {
  EXPECT_EQ(
      selected("after = 1, first = 1, count = \"client\"", {"10.0.0.1", "10.0.0.2", "10.0.0.3"}),
      ".2:1 .2:2 .2:3 .2:4 .2:5 .2:6 .2:7 .2:8 .2:9 .2:10 ");
  const auto set = rules::RuleSet::activate(
      config_of(
          "[[rule]]\nmatch = { once = true, count = \"client\" }\nfault = { type = \"refuse\" }")
          .rules,
      1, Instant{});
  const auto hits = [&](const char* client) {
    return rules::plan_arrival(*set, flow_of(1, client)).notes.size();
  };
  EXPECT_EQ(hits("10.0.0.1"), 1U);
  EXPECT_EQ(hits("10.0.0.2"), 0U);
  set->rules()[0]->state->arrivals.reset();
  EXPECT_EQ(hits("10.0.0.2"), 1U);
  EXPECT_EQ(hits("10.0.0.1"), 0U);
}

TEST(Counts, DoNotMeetClientsBeyondTheTable) {
  rules::ArrivalCounter counter;
  counter.count_per_client();
  for (rules::Key client = 1; client <= 65'536; ++client) counter.next(client);
  EXPECT_EQ(counter.next(5), 2U);
  EXPECT_EQ(counter.next(70'000), 0U);
  EXPECT_EQ(counter.next(70'001), 0U);
}

TEST(Counts, StartAgainWhenTheyAreReset) {
  for (const std::string per : {"rule", "client"}) {
    const auto set =
        rules::RuleSet::activate(config_of("[[rule]]\nmatch = { once = true, count_per = \"" + per +
                                           "\" }\nfault = { type = \"refuse\" }")
                                     .rules,
                                 1, Instant{});
    const auto hits = [&] { return rules::plan_arrival(*set, flow_of(1)).notes.size(); };
    EXPECT_EQ(hits(), 1U);
    EXPECT_EQ(hits(), 0U);
    set->rules()[0]->state->arrivals.reset();
    EXPECT_EQ(hits(), 1U);
    EXPECT_EQ(hits(), 0U);
  }
}

TEST(Counts, CountDatagramsForARuleOnDatagrams) {
  auto world = VirtualWorld::of_datagrams(R"([[rule]]
match = { after = 1, every = 3 }
fault = { type = "drop" })");
  for (int i = 1; i <= 10; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  EXPECT_EQ(world.state().matched.load(), 3U);
  std::string left;
  for (const auto& datagram : world.left()) left += datagram.what + " ";
  EXPECT_EQ(left, "1 2 3 5 6 8 9 ");
}

// Returns the requests that the rule selects, as "connection/request", when one client opens ten
// connections and sends two requests on each.
std::string requests_of_selected(const std::string& keys) {
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nmatch = { " + keys + " }\nfault = { type = \"abort\" }", "http").rules,
      1, Instant{});
  std::vector<rules::FlowActivity> activities(10);
  std::string text;
  for (int round = 1; round <= 2; ++round) {
    for (std::size_t i = 0; i < activities.size(); ++i) {
      auto facts = flow_of(i + 1, "10.0.0.1", rules::Carrier::kHttp);
      facts.activity = &activities[i];
      if (!rules::count_arrival(*set->rules()[0], facts)) continue;
      text += std::to_string(i + 1) + "/" + std::to_string(round) + " ";
    }
  }
  return text;
}

TEST(Counts, OfConnectionsSelectAllThatMatchesOnThem) {
  EXPECT_EQ(requests_of_selected("first = 2"), "1/1 2/1 ");
  EXPECT_EQ(requests_of_selected("first = 2, count = \"connection\""), "1/1 2/1 1/2 2/2 ");
  EXPECT_EQ(requests_of_selected("after = 1, every = 4, count = \"connection\""),
            "5/1 9/1 5/2 9/2 ");
}

TEST(Counts, OfConnectionsBeginAnewWhenTheyAreReset) {
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nmatch = { once = true, count = \"connection\" }\nfault = { type = "
                "\"abort\" }",
                "http")
          .rules,
      1, Instant{});
  const auto& rule = *set->rules()[0];
  rules::FlowActivity first;
  rules::FlowActivity second;
  const auto hits = [&](rules::FlowActivity& activity) {
    auto facts = flow_of(1, "10.0.0.1", rules::Carrier::kHttp);
    facts.activity = &activity;
    return rules::count_arrival(rule, facts);
  };
  EXPECT_TRUE(hits(first));
  EXPECT_FALSE(hits(second));
  rule.state->arrivals.reset();
  EXPECT_TRUE(hits(second)) << "the first connection with a request since the reset";
  EXPECT_FALSE(hits(first));
  EXPECT_TRUE(hits(second));
}

TEST(Counts, OfARuleOnDatagramsAreSessionsIfItAsksForConnections) {
  auto world = VirtualWorld::of_datagrams(R"([[rule]]
match = { first = 1, count = "connection" }
fault = { type = "drop" })");
  for (int i = 1; i <= 3; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  EXPECT_TRUE(world.left().empty());
  EXPECT_EQ(world.state().matched.load(), 1U);
}

TEST(Counts, SayWhatTheyNeed) {
  const auto problem = [](const std::string& keys) {
    return first_problem_of("[[rule]]\nmatch = { " + keys + " }\nfault = { type = \"refuse\" }");
  };
  EXPECT_EQ(problem("first = 1, once = true"), "once and first exclude each other");
  EXPECT_EQ(problem("count_per = \"client\""),
            "count_per has no effect without first, after, every or once");
  EXPECT_EQ(problem("count = \"connection\""),
            "count has no effect without first, after, every or once");
  EXPECT_EQ(problem("once = true, count = \"connection\""), "");
  EXPECT_EQ(problem("once = true, count = \"client\", count_per = \"client\""),
            "count = \"client\" and count_per = \"client\" exclude each other");
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { once = true, count = \"connection\" }\nfault = "
                             "{ type = \"nodata\" }",
                             "dns"),
            "fault \"nodata\" acts on queries, so it cannot count connections");
  EXPECT_EQ(problem("once = false"), "");
  EXPECT_EQ(problem("once = 1"), "once: expected true or false, found a whole number");
}

}  // namespace
}  // namespace brownout::test
