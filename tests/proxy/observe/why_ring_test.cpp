// Tests WhyRing, a worker's memory of the actions of rules: how many it keeps, for how long, and
// how they are searched.
#include "proxy/observe/why_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using proxy::WhyQuery;
using proxy::WhyRing;

struct Ring : testing::Test {
  Ring()
      : rules(rules::RuleSet::activate(
            config_of("[[rule]]\nname = \"slow\"\nfault = { type = \"latency\", delay = \"1s\" }\n"
                      "[[rule]]\nname = \"gone\"\nfault = { type = \"refuse\" }")
                .rules,
            7, {})) {}

  const rules::Rule& slow() const { return *rules->rules()[0]; }
  const rules::Rule& gone() const { return *rules->rules()[1]; }
  proxy::WhyList look(const WhyQuery& query, std::size_t each_turn = WhyRing::kMost) const {
    proxy::WhyList list;
    auto from = ring.newest();
    while (from > 0) from = ring.look(query, from, each_turn, list);
    list.finish(query.most);
    return list;
  }
  std::vector<std::uint64_t> flows(const WhyQuery& query) const {
    std::vector<std::uint64_t> all;
    for (const auto& entry : look(query).entries) all.push_back(entry.flow);
    return all;
  }
  void refuse(std::uint64_t flow, const std::string& client = "10.1.2.3") {
    ring.add(flow_of(flow, client), gone(), "", {.action = "refuse"});
  }

  std::shared_ptr<const rules::RuleSet> rules;
  WhyRing ring;
};

TEST_F(Ring, ListsTheNewestFirstAndAtMostTheLimit) {
  for (std::uint64_t flow = 1; flow <= 5; ++flow) refuse(flow);
  EXPECT_THAT(flows({.most = 2}), testing::ElementsAre(5, 4));
  EXPECT_EQ(look({.most = 2}).total, 5U);
  EXPECT_EQ(look({}, 2).entries.size(), 5U);
}

TEST_F(Ring, KeepsTheLastTenThousand) {
  for (std::uint64_t flow = 1; flow <= WhyRing::kMost + 3; ++flow) refuse(flow);
  const auto all = look({.most = WhyRing::kMost}).entries;
  ASSERT_EQ(all.size(), WhyRing::kMost);
  EXPECT_EQ(all.front().flow, WhyRing::kMost + 3);
  EXPECT_EQ(all.back().flow, 4U);
}

TEST_F(Ring, AReaderThatIsOvertakenMissesOnlyWhatWasOverwritten) {
  for (std::uint64_t flow = 1; flow <= WhyRing::kMost; ++flow) refuse(flow);
  proxy::WhyList list;
  const auto from = ring.look({}, ring.newest(), 10, list);
  for (std::uint64_t flow = 0; flow < WhyRing::kMost - 15; ++flow) refuse(flow);
  EXPECT_EQ(ring.look({}, from, WhyRing::kMost, list), 0U);
  EXPECT_EQ(list.total, 15U);
}

TEST_F(Ring, ARuleOnTheBytesOfAConnectionHasOneEntry) {
  using std::chrono::milliseconds;
  for (std::uint64_t piece = 0; piece < 100; ++piece) {
    for (std::uint64_t flow = 1; flow <= 2; ++flow) {
      ring.add(flow_of(flow), slow(), "upstream",
               {.action = "delay", .delay = milliseconds(5), .bytes = 10, .ordinal = piece});
    }
  }
  ring.add(flow_of(1), slow(), "downstream", {.action = "delay", .bytes = 1});
  const auto all = look({.listener = flow_of(1).listener});
  ASSERT_EQ(all.total, 3U);
  const auto found = look({.where = {{"flow", "2"}}}).entries;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].times, 100U);
  EXPECT_EQ(found[0].bytes, 1000);
  EXPECT_EQ(found[0].ordinal, 99U);
}

TEST_F(Ring, IsFilteredByListenerClientRuleAndAnyProperty) {
  refuse(1, "10.1.2.3");
  refuse(2, "10.9.9.9");
  rules::HttpHead head;
  head.method = "GET";
  head.target = "/Login?user=secret";
  head.append("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const auto request = rules::HttpExchange::of(head);
  auto flow = flow_of(3);
  flow.listener = "web";
  flow.http = &request;
  flow.message = 1;
  ring.add(flow, slow(), "", {.action = "delay"});
  EXPECT_THAT(flows({.client = "10.9."}), testing::ElementsAre(2));
  EXPECT_THAT(flows({.rule = "gone"}), testing::ElementsAre(2, 1));
  EXPECT_THAT(flows({.listener = "web"}), testing::ElementsAre(3));
  EXPECT_THAT(flows({.where = {{"path", "login"}}}), testing::ElementsAre(3));
  EXPECT_THAT(flows({.where = {{"path", "login"}, {"method", "POST"}}}), testing::IsEmpty());
  EXPECT_THAT(flows({.text = "4BF92F35"}), testing::ElementsAre(3));
  EXPECT_THAT(flows({.text = "secret"}), testing::IsEmpty());
}

TEST_F(Ring, IsFilteredByStatusWhoeverAnswered) {
  rules::HttpHead head;
  head.method = "GET";
  head.target = "/";
  auto request = rules::HttpExchange::of(head);
  auto flow = flow_of(1);
  flow.http = &request;
  flow.message = 1;
  ring.add(flow, slow(), "", {.action = "answer", .status = 503});
  ring.add(flow, slow(), "", {.action = "drop"});
  rules::HttpHead response;
  response.status = 404;
  request.set_response(response);
  flow.ordinal = 2;
  ring.add(flow, slow(), "", {.action = "delay"});
  const auto with = [&](const char* range) {
    return flows({.status = *rules::StatusRange::parse(range)});
  };
  EXPECT_THAT(with("503"), testing::ElementsAre(1));
  EXPECT_THAT(with("5xx"), testing::ElementsAre(1));
  EXPECT_THAT(with("400-599"), testing::ElementsAre(2, 1));
  EXPECT_THAT(with("200"), testing::IsEmpty());
}

TEST_F(Ring, LongValuesAreCut) {
  auto flow = flow_of(1);
  flow.names = std::make_shared<std::vector<std::string>>(1, std::string(100'000, 'x'));
  ring.add(flow, gone(), "", {.action = "refuse"});
  const auto list = look({});
  EXPECT_EQ(list.entries.at(0).properties.find("host"), std::string(253, 'x') + "...");
}

TEST_F(Ring, AnEventWithoutARuleSaysWhy) {
  ring.add(flow_of(4), "handshake failed", "with the client: no shared cipher");
  const auto json = json_of(look({.text = "cipher"}).entries.at(0), proxy::TouchedForm::kWhole);
  EXPECT_EQ(json.at("event"), "handshake failed");
  EXPECT_EQ(json.at("why"), "with the client: no shared cipher");
  EXPECT_FALSE(json.contains("rule"));
}

}  // namespace
}  // namespace brownout::test
