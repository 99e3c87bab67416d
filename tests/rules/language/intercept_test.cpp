// Tests the configuration of listeners that intercept clients, and of rules on such listeners.
#include <gtest/gtest.h>

#include "rules/engine/plan.h"
#include "rules/language/check_listener.h"
#include "rules/language/default_listeners.h"
#include "rules/language/load_toml.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

tl::expected<rules::Config, rules::Diagnostics> read_for_exec(const std::string& text) {
  return rules::read_config(
      rules::with_default_listeners(*rules::parse_toml("version = 1\n" + text)));
}

std::string mistakes(const tl::expected<rules::Config, rules::Diagnostics>& config) {
  if (config) return "";
  std::string all;
  for (const auto& problem : config.error().sorted()) all += problem.what + "\n";
  return all;
}

const std::string kLatency = "\nfault = { type = \"latency\", delay = \"1ms\" }\n";

TEST(Intercept, ExecHasAListenerForEachWellKnownPort) {
  const auto config = read_for_exec("");
  ASSERT_TRUE(config) << mistakes(config);
  std::string names;
  for (const auto& listener : config->listeners) names += listener.name + " ";
  EXPECT_EQ(names, "dns http tls tcp udp ");
  EXPECT_EQ(config->listeners.front().ports, (std::vector<rules::PortRange>{{53, 53}}));
  EXPECT_TRUE(config->listeners.back().ports.empty());
}

TEST(Intercept, AListenerOfTheFileReplacesTheDefault) {
  const auto config = read_for_exec(R"([[listener]]
name = "http"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [8080]
)");
  ASSERT_TRUE(config) << mistakes(config);
  EXPECT_EQ(config->listeners.size(), 5U);
  EXPECT_EQ(config->listeners.front().protocol, rules::Protocol::kTcp);
}

TEST(Intercept, InterceptingListenersHaveNoUpstream) {
  const auto with = [](const std::string& keys) {
    return mistakes(read_for_exec("[[listener]]\nname = \"x\"\nlisten = \"127.0.0.1:0\"\n" + keys));
  };
  EXPECT_EQ(with("intercept = \"redirect\""), "");
  EXPECT_EQ(with("intercept = \"tproxy\"\nspoof_client = true"), "");
  EXPECT_NE(with("intercept = \"redirect\"\nspoof_client = true"), "");
  EXPECT_NE(with("intercept = \"redirect\"\nupstream = \"y\""), "");
  EXPECT_NE(with("intercept = \"redirect\"\ntls = { ca = \"ca\" }"), "") << "tcp has no requests";
  EXPECT_NE(with("intercept = \"tproxy\"\nprotocol = \"udp\""), "");
  EXPECT_NE(with("ports = [80]\nupstream = \"y\""), "");
  EXPECT_EQ(with("protocol = \"proxy\""), "");
  EXPECT_NE(with("protocol = \"proxy\"\nupstream = \"y\""), "");
}

rules::FlowFacts intercepted(std::uint64_t ordinal, const char* destination, std::uint16_t port) {
  auto flow = flow_of(ordinal, "10.0.0.1");
  flow.listener = "tcp";
  flow.intercepted = true;
  flow.destination = rules::IpAddress::parse(destination);
  flow.destination_port = port;
  return flow;
}

TEST(Intercept, HostMatchesNamesFromDnsAndSni) {
  const auto config = read_for_exec("[[rule]]\nmatch = { host = \"*.whatsapp.net\" }" + kLatency);
  ASSERT_TRUE(config) << mistakes(config);
  const auto set = rules::RuleSet::activate(config->rules, 1, Instant{});
  auto flow = intercepted(1, "192.0.2.1", 5222);
  EXPECT_TRUE(rules::plan_arrival(*set, flow).rules.empty()) << "no host name was seen";
  flow.names = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"other.example", "chat.whatsapp.net"});
  EXPECT_EQ(rules::plan_arrival(*set, flow).rules.size(), 1U);
  rules::ClientHello hello;
  hello.sni = "g.whatsapp.net";
  flow.names = nullptr;
  flow.hello = &hello;
  EXPECT_EQ(rules::plan_arrival(*set, flow).rules.size(), 1U) << "by SNI";
}

TEST(Intercept, ARuleOnMessagesSelectsNoQueryAndNoDatagram) {
  const auto config = read_for_exec(R"([[listener]]
name = "broker"
protocol = "mqtt"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [1883]
[[rule]]
match = { topic = "lost" }
fault = { type = "drop" }
)");
  ASSERT_TRUE(config) << mistakes(config);
  const auto set = rules::RuleSet::activate(config->rules, 1, Instant{});
  const auto selects = [&](const char* listener, rules::Carrier carrier) {
    auto flow = flow_of(1, "10.0.0.1", carrier);
    flow.listener = listener;
    bool found = false;
    set->for_each_match(flow, [&](const auto&) { found = true; });
    return found;
  };
  EXPECT_TRUE(selects("broker", rules::Carrier::kMessage));
  EXPECT_FALSE(selects("dns", rules::Carrier::kDns));
  EXPECT_FALSE(selects("udp", rules::Carrier::kDatagram));
  EXPECT_FALSE(selects("http", rules::Carrier::kHttp));
}

TEST(Intercept, PortMatchesNumbersAndRanges) {
  const auto config = read_for_exec("[[rule]]\nmatch = { port = [443, \"5000-5999\"] }" + kLatency);
  ASSERT_TRUE(config) << mistakes(config);
  const auto set = rules::RuleSet::activate(config->rules, 1, Instant{});
  EXPECT_EQ(rules::plan_arrival(*set, intercepted(1, "192.0.2.1", 5222)).rules.size(), 1U);
  EXPECT_EQ(rules::plan_arrival(*set, intercepted(2, "192.0.2.1", 443)).rules.size(), 1U);
  EXPECT_TRUE(rules::plan_arrival(*set, intercepted(3, "192.0.2.1", 80)).rules.empty());
}

TEST(Intercept, AConnectionWithAKnownDestinationIsCountedOnce) {
  const auto config = read_for_exec(
      "[[rule]]\nmatch = { destination = \"192.0.2.0/24\", every = 2 }" + kLatency +
      "[[rule]]\nmatch = { port = 5222, first = 1 }\nfault = { type = \"refuse\" }\n");
  ASSERT_TRUE(config) << mistakes(config);
  const auto set = rules::RuleSet::activate(config->rules, 1, Instant{});
  std::string chosen;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto flow = intercepted(i, "192.0.2.1", 5222);
    auto arrival = rules::plan_arrival(*set, flow);
    const auto dial = rules::plan_dial(*set, flow, Instant{});
    rules::plan_server(*set, flow, arrival.rules);
    chosen += arrival.admission.serves() && dial.admission.serves() ? "" : "refused ";
    chosen += arrival.rules.empty() ? "- " : "slow ";
  }
  EXPECT_EQ(chosen, "refused - slow - slow ");
}

TEST(Intercept, AHostOnAListenerWithoutHostNamesIsAnError) {
  const std::string file = R"(version = 1
[[upstream]]
name = "u"
servers = ["127.0.0.1:1"]
[[listener]]
name = "x"
listen = "127.0.0.1:2"
upstream = "u"
[[rule]]
match = { host = "a.example" })" +
                           kLatency;
  EXPECT_EQ(mistakes(rules::load_toml(file)),
            "no listener that the rule matches gets host names from its clients\n");
}

}  // namespace
}  // namespace brownout::test
