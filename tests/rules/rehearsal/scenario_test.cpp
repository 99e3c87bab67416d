// Tests reading the tables of a rehearsal file, and the position of every error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/warnings.h"
#include "tests/support/rehearsal_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string problem_of(const std::string& text) {
  const auto config = rules::load_toml(outage(text));
  if (config) return "none";
  return config.error().sorted().front().what;
}

TEST(Scenario, ReadsAWholeScenario) {
  const auto config = outage_config(R"(
[[rule]]
name = "gone"
fault = { type = "refuse" }
[[rule]]
name = "slow"
ramp = "1m"
fault = { type = "latency", delay = "10ms" }
[[phase]]
name = "calm"
for = "1m"
[[phase]]
name = "outage"
for = "1h"
rules = ["gone"]
change = { slow = { delay = "2s" } }
[[phase]]
name = "after"
for = "10m"
recovery = true
[[probe]]
name = "phones"
users = 3
endpoints = ["chat", "127.0.0.1:99"]
[[expect]]
metric = "availability"
phase = "outage"
at_least = "99%"
[[expect]]
metric = "attempt_rate"
at_most = "5/s"
[[expect]]
metric = "time_to_recover"
at_most = "5m"
)");
  const auto& scenario = *config.scenario;
  EXPECT_EQ(scenario.length(), 71min);
  EXPECT_EQ(scenario.phase_begin(2), 61min);
  EXPECT_EQ(scenario.users(), 3U);
  EXPECT_DOUBLE_EQ(*scenario.expectations[0].at_least, 0.99);
  EXPECT_DOUBLE_EQ(*scenario.expectations[1].at_most, 5);
  EXPECT_DOUBLE_EQ(*scenario.expectations[2].at_most, 300);
}

TEST(Scenario, RulesOfAPhaseAreActiveOnlyInIt) {
  const auto config = outage_config(R"(
[[rule]]
name = "always"
fault = { type = "latency", delay = "1ms" }
[[rule]]
name = "outage"
ramp = "60s"
fault = { type = "latency", delay = "10ms" }
[[phase]]
name = "calm"
for = "1m"
[[phase]]
name = "bad"
for = "1m"
rules = ["outage"]
[[phase]]
name = "worse"
for = "1m"
change = { outage = { delay = "2s", jitter = "1s" } }
)");
  const auto names = [&](std::optional<std::size_t> phase) {
    std::string text;
    for (const auto& rule : rules::rules_in_phase(config.rules, *config.scenario, phase))
      text += rule.name + " ";
    return text;
  };
  EXPECT_EQ(names(std::nullopt), "always ");
  EXPECT_EQ(names(0), "always ");
  EXPECT_EQ(names(1), "always outage ");
  EXPECT_EQ(names(2), "always outage ");
  const auto bad = rules::rules_in_phase(config.rules, *config.scenario, 1);
  // The ramp of one minute takes one second, since the time scale is 60x.
  EXPECT_EQ(bad[1].schedule.ramp, 1s);
  const auto worse = rules::rules_in_phase(config.rules, *config.scenario, 2);
  EXPECT_THAT(worse[1].definition, HasSubstr("2s"));
  EXPECT_NE(worse[1].definition, bad[1].definition);
  EXPECT_EQ(worse[1].dice_key, bad[1].dice_key);
}

TEST(Scenario, WarnsOfAPhaseThatIsShorterThanATimeout) {
  const auto warned = [](const std::string& timeout) {
    return rules::warnings_of(
        outage_config("[[rule]]\nname = \"gone\"\nfault = { type = \"unplug\" }\n"
                      "[[phase]]\nname = \"calm\"\nfor = \"30s\"\n"
                      "[[phase]]\nname = \"out\"\nfor = \"1m\"\n"
                      "rules = [\"gone\"]\n"
                      "[[probe]]\nname = \"p\"\nendpoints = [\"chat\"]\n"
                      "timeout = \"" +
                      timeout + "\"\n"));
  };
  EXPECT_TRUE(warned("1s").empty());
  const auto text = render(warned("2s"), "lab", "", "warning");
  EXPECT_THAT(text,
              testing::HasSubstr("phase \"out\" takes 1s of real time, and probe \"p\" waits 2s"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\"calm\"")));
}

TEST(Scenario, ReportsEachKindOfError) {
  const std::string phase = "[[phase]]\nname = \"p\"\nfor = \"1m\"\n";
  EXPECT_EQ(problem_of(""), "a rehearsal needs at least one [[phase]]");
  EXPECT_EQ(*rules::load_toml("seed = 7\n" + outage(phase))->seed, 7U);
  auto seeded = outage(phase);
  seeded.insert(seeded.find("[scenario]\n") + 11, "seed = 8\n");
  EXPECT_EQ(*rules::load_toml(seeded)->seed, 8U);
  EXPECT_EQ(rules::load_toml("seed = 7\n" + seeded).error().sorted().front().what,
            "seed is given twice: at the top of the file and in [scenario]");
  EXPECT_EQ(problem_of(phase + "rules = [\"no\"]"), "there is no rule \"no\"");
  EXPECT_EQ(problem_of(phase + "[[probe]]\nname = \"x\"\nendpoints = [\"nowhere\"]"),
            "\"nowhere\" is neither a listener nor an address");
  EXPECT_EQ(problem_of(phase + "[[probe]]\nname = \"x\"\nkind = \"dns\"\nendpoints = \"chat\""),
            "dns probe \"x\" needs \"qname\"");
  EXPECT_EQ(problem_of(phase + "[[probe]]\nname = \"x\"\nkind = \"mqtt\"\nendpoints = "
                               "\"chat\"\ntopic = \"chat/#\""),
            "\"chat/#\" is not a topic to which a client can publish");
  const auto tcp = phase + "[[probe]]\nname = \"x\"\nendpoints = \"chat\"\n";
  EXPECT_EQ(problem_of(tcp + "send = \"PING\\r\\n\""), "tcp probe \"x\" needs \"expect\"");
  EXPECT_EQ(problem_of(tcp + "expect = \"\""), "tcp probe \"x\" needs \"expect\"");
  EXPECT_EQ(problem_of(tcp + "expect = \"+PONG\"\nsize = \"1kB\""),
            "\"size\" and \"expect\" exclude each other");
  EXPECT_EQ(problem_of(tcp + "kind = \"redis\"\nexpect = \"+PONG\""),
            "redis probes have no key \"expect\"");
  EXPECT_EQ(problem_of(tcp + "kind = \"postgres\"\ndatabase = 3"),
            "database: expected a name for \"postgres\", found a whole number");
  EXPECT_EQ(problem_of(tcp + "kind = \"redis\"\ndatabase = \"shop\""),
            "database: expected a number for \"redis\", found a string");
  const auto xmpp = phase + "[[probe]]\nname = \"x\"\nkind = \"xmpp\"\nendpoints = \"chat\"\n";
  EXPECT_EQ(problem_of(xmpp), "xmpp probe \"x\" needs \"accounts\"");
  EXPECT_EQ(problem_of(xmpp + "accounts = [\"ann@x.org/phone\"]"),
            "\"ann@x.org/phone\" is not a bare JID");
  EXPECT_EQ(problem_of(xmpp + "accounts = [\"@x.org\"]"), "\"@x.org\" is not a bare JID");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"availability\""),
            "[[expect]] needs either \"at_least\" or \"at_most\"");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"availability\"\nat_least = \"5m\""),
            "at_least: \"5m\" is not a percentage");
  EXPECT_THAT(problem_of(phase + "[[expect]]\nmetric = \"avail\"\nat_least = \"5%\""),
              HasSubstr("unknown value \"avail\""));
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"alert\"\nat_most = \"5m\""),
            "metric = \"alert\" has nothing that tells when an alert fires");
  EXPECT_EQ(problem_of(phase + "[[probe]]\nname = \"x\"\nendpoints = \"chat\"\n"
                               "[[expect]]\nmetric = \"alert\"\nprobe = \"x\"\nat_most = \"5m\""),
            "\"x\" is not a prometheus probe");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"share\"\nat_most = \"5%\""),
            "metric = \"share\" needs \"endpoint\" or \"server\"");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"share\"\nat_most = \"5%\"\n"
                               "endpoint = \"chat\"\nserver = \"a:1\""),
            "metric = \"share\" has both \"endpoint\" and \"server\"");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"availability\"\n"
                               "at_least = \"9%\"\nat_most = \"99%\""),
            "[[expect]] has both \"at_least\" and \"at_most\"");
  const auto at_chat = phase + "[[expect]]\nlistener = \"chat\"\nat_most = \"5\"\nmetric = ";
  EXPECT_EQ(problem_of(at_chat + "\"time_to_detect\""),
            "time_to_detect cannot be measured at a listener");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"availability\"\nlistener = \"caht\"\n"
                               "at_least = \"5%\""),
            "there is no listener \"caht\"");
  EXPECT_EQ(problem_of(phase + "[[expect]]\nmetric = \"availability\"\nserver = \"a:1\"\n"
                               "at_least = \"5%\""),
            "\"server\" is only for metric = \"share\"");
  EXPECT_EQ(
      problem_of(phase +
                 "[[rule]]\nname = \"r\"\nfault = { type = \"latency\", delay = \"1s\" }\n"
                 "[[phase]]\nname = \"q\"\nfor = \"1m\"\nchange = { r = { dealy = \"2s\" } }"),
      "unknown key \"dealy\" in fault \"latency\"");
}

}  // namespace
}  // namespace brownout::test
