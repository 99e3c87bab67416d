#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(IdleTimeout, AnIdleConnectionIsHalfOpen) {
  VirtualWorld world("[[rule]]\nfault = { type = \"idle_timeout\", after = \"60s\" }");
  world.at(0s)
      .send("a")
      .at(59s)
      .send("b")
      .at(118s)
      .send("c")
      .at(178s)
      .send("d")
      .at(200s)
      .send_fin();
  world.run();
  EXPECT_EQ(world.log(), "0s a\n59s b\n118s c\n");
  EXPECT_TRUE(world.chain().blackholed());
  EXPECT_EQ(world.notes(), "silence 0s 0 bytes #0\n");
}

TEST(IdleTimeout, EitherDirectionKeepsItAlive) {
  auto facts = flow_of();
  rules::FlowActivity activity;
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nfault = { type = \"idle_timeout\", after = \"60s\" }").rules, 1,
      Instant{});
  struct Sink final : rules::ChainOutput {
    void emit(rules::Chunk chunk) override { bytes += chunk.size(); }
    void finish() override {}
    void close(rules::Close) override {}
    void answer(std::string_view) override {}
    void injected(const rules::Rule&, rules::Direction, const rules::Note&) override {}
    std::size_t bytes = 0;
  } up, down;
  facts.activity = &activity;
  rules::Chain upstream(facts, rules::Direction::kUpstream, up);
  rules::Chain downstream(facts, rules::Direction::kDownstream, down);
  const std::vector<rules::RuleRef> rules(set->rules().begin(), set->rules().end());
  upstream.set_rules(rules, Instant{});
  downstream.set_rules(rules, Instant{});
  const auto chunk = [] { return rules::Chunk::copy_of(std::as_bytes(std::span("x", 1))); };
  const auto send = [&](rules::Chain& chain, Duration at) {
    upstream.advance(Instant(at));
    downstream.advance(Instant(at));
    chain.push(chunk(), Instant(at));
  };
  send(upstream, 0s);
  for (int i = 1; i < 6; ++i) send(downstream, i * 50s);
  send(upstream, 300s);
  EXPECT_EQ(up.bytes, 2U);
  EXPECT_EQ(down.bytes, 5U);
  // Once the firewall has forgotten the flow, packets of both directions are lost.
  send(upstream, 400s);
  send(downstream, 410s);
  EXPECT_EQ(up.bytes, 2U);
  EXPECT_EQ(down.bytes, 5U);
}

TEST(IdleTimeout, ADatagramSessionIsRestoredWhenItsClientSends) {
  auto facts = flow_of(1, "10.1.2.3", rules::Carrier::kDatagram);
  const auto set = rules::RuleSet::activate(
      config_of("[[rule]]\nfault = { type = \"idle_timeout\", after = \"60s\" }", "udp").rules, 1,
      Instant{});
  VirtualWorld server(set, facts, rules::Direction::kDownstream);
  server.at(1s).send("a").at(100s).send("b").run();
  EXPECT_EQ(server.log(), "1s a\n");
  VirtualWorld client(set, facts, rules::Direction::kUpstream);
  client.at(1s).send("a").at(100s).send("b").run();
  EXPECT_EQ(client.log(), "1s a\n100s b\n");
}

}  // namespace
}  // namespace brownout::test
