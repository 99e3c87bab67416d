// Tests the ends of rehearsals and phases, and operations that are in progress at such an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using namespace std::chrono_literals;
using testing::HasSubstr;

std::string expect(const std::string& text) { return "[[expect]]\n" + text + "\n"; }

// The fault stops all data and closes no connection. At a time scale of 60x each phase takes half a
// second.
const std::string kUnplugged = R"(
[[rule]]
name = "gone"
match = { listener = ["web", "chat"] }
fault = { type = "unplug" }
[[phase]]
name = "calm"
for = "30s"
[[phase]]
name = "out"
for = "30s"
rules = ["gone"]
)";

std::string users_of(const std::string& kind) {
  return "[[probe]]\nname = \"p\"\nkind = \"" + kind + "\"\nusers = 4\nevery = \"2s\"\n" +
         "endpoints = [\"" + (kind == "http" ? "web" : "chat") + "\"]\n";
}

TEST(RehearsalEnd, AnOperationThatHangsAtTheEndFails) {
  for (const auto* kind : {"http", "tcp"}) {
    const auto done = rehearse(kUnplugged + users_of(kind) +
                               expect("metric = \"availability\"\nat_least = \"100%\""));
    const auto& verdict = done.report.verdicts.front();
    EXPECT_FALSE(verdict.met);
    EXPECT_THAT(verdict.evidence,
                HasSubstr("most often: not finished when the rehearsal ended (4)"));
    EXPECT_EQ(done.report.course.seen.tally.probe(0).failed, 4U) << kind;
    for (const auto& [why, count] : done.report.course.seen.tally.expectation(0).reasons) {
      EXPECT_EQ(why, "not finished when the rehearsal ended") << kind;
    }
    EXPECT_EQ(done.report.result(), Result::kNotMet);
  }
}

TEST(RehearsalEnd, ARecoveryThatNeverComesIsNotMet) {
  const auto done =
      rehearse(kUnplugged + "[[phase]]\nname = \"after\"\nfor = \"30s\"\nrecovery = true\n" +
               "rules = [\"gone\"]\n" + users_of("http") +
               expect("metric = \"time_to_recover\"\nat_most = \"30s\""));
  EXPECT_FALSE(done.report.verdicts.front().met);
  EXPECT_THAT(done.report.verdicts.front().evidence, HasSubstr("never recovered (of 4 users)"));
}

// A request that starts at the last instant is not finished, even if the service works. It must not
// count as failed.
TEST(RehearsalEnd, AnOperationThatHasJustBegunIsNoFailure) {
  const auto done = rehearse(calm("60s") + R"(
[[rule]]
name = "slow"
match = { listener = "web" }
fault = { type = "latency", delay = "60ms" }
[[probe]]
name = "p"
kind = "http"
users = 40
every = "2s"
endpoints = ["web"]
)" + expect("metric = \"availability\"\nat_least = \"100%\""));
  EXPECT_TRUE(done.report.verdicts.front().met) << done.report.verdicts.front().evidence;
}

TEST(RehearsalEnd, AMessageThatIsHeldBackIsLost) {
  const auto done = rehearse_file(R"(version = 1
[scenario]
name = "messages"
steady = { for = "200ms" }
[[upstream]]
name = "broker"
servers = ["127.0.0.1:1883"]
[[listener]]
name = "mqtt"
protocol = "mqtt"
listen = "127.0.0.1:1884"
upstream = "broker"
[[rule]]
name = "gone"
match = { packet = "publish", direction = "downstream" }
fault = { type = "drop" }
[[phase]]
name = "calm"
for = "500ms"
[[phase]]
name = "out"
for = "500ms"
rules = ["gone"]
[[probe]]
name = "phone"
kind = "mqtt"
every = "50ms"
endpoints = ["mqtt"]
[[expect]]
metric = "messages_lost"
at_most = 0
)",
                                  {.force = true});
  EXPECT_FALSE(done.report.verdicts.front().met);
  EXPECT_THAT(done.report.verdicts.front().evidence, testing::StartsWith("3 of "));
}

// The command of the probe would run for ten minutes.
TEST(RehearsalEnd, AnInterruptDoesNotWaitForCommands) {
  const auto begin = std::chrono::steady_clock::now();
  bool sent = false;
  std::string said;
  RehearsalSettings settings;
  settings.on_tick = [&](const Runner& runner) {
    if (runner.now() > -20s && !std::exchange(sent, true)) ::raise(SIGINT);
  };
  settings.on_halt = [&](const std::string& what) { said = what; };
  const auto done = rehearse_file(
      kLabFile + calm("60s") +
          "[[probe]]\nname = \"p\"\nkind = \"exec\"\nevery = \"1s\"\ntimeout = \"600s\"\n"
          "command = \"sleep 600\"\n" +
          expect("metric = \"availability\"\nat_least = \"1%\""),
      settings);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 300s);
  EXPECT_THAT(said, HasSubstr("a signal such as Ctrl-C interrupted the rehearsal"));
  EXPECT_EQ(done.report.course.stopped, "a signal such as Ctrl-C interrupted the rehearsal");
  EXPECT_EQ(done.report.course.seen.tally.probe(0).operations, 0U);
  EXPECT_EQ(done.report.result(), Result::kStopped);
}

TEST(RehearsalEnd, AMessageThatFailsOverIsNotLost) {
  for (const std::string kind : {"http", "tcp"}) {
    auto text = kUnplugged + users_of(kind) + "timeout = \"100ms\"\n" +
                expect("metric = \"availability\"\nat_least = \"100%\"") +
                expect("metric = \"messages_lost\"\nat_most = 0");
    text.replace(text.find("unplug"), 6, "reset");
    text.replace(text.rfind("\"]", text.find("timeout")), 2, "\", \"standby\"]");
    EXPECT_TRUE(all_met(rehearse(text).report)) << kind;
  }
}

// Users send requests immediately before and after each phase begins.
TEST(RehearsalEnd, AnOperationCountsInThePhaseWhoseRulesAffectedIt) {
  const auto done =
      rehearse(R"(
[[rule]]
name = "gone"
match = { listener = "web" }
fault = { type = "abort", status = 503 }
[[phase]]
name = "normal"
for = "30s"
[[phase]]
name = "out"
for = "30s"
rules = ["gone"]
[[phase]]
name = "rec"
for = "30s"
recovery = true
[[probe]]
name = "p"
kind = "http"
users = 60
every = "1s"
endpoints = ["web"]
)" + expect("metric = \"availability\"\nphase = \"normal\"\nat_least = \"100%\"") +
               expect("metric = \"availability\"\nphase = \"out\"\nat_most = \"0%\"") +
               expect("metric = \"availability\"\nphase = \"rec\"\nat_least = \"100%\""));
  EXPECT_TRUE(all_met(done.report));
}

// A request that times out in a later phase was affected by the rules of the phase in which it
// began.
TEST(RehearsalEnd, AHangCountsInThePhaseInWhichItBegan) {
  const auto done = rehearse(kUnplugged + users_of("http") +
                             expect("metric = \"availability\"\nphase = \"calm\"\n"
                                    "at_least = \"100%\"") +
                             expect("metric = \"availability\"\nphase = \"out\"\n"
                                    "at_least = \"1%\""));
  EXPECT_TRUE(done.report.verdicts[0].met) << done.report.verdicts[0].evidence;
  EXPECT_FALSE(done.report.verdicts[1].met);
  EXPECT_THAT(done.report.verdicts[1].evidence, HasSubstr("0 of 4 operations succeeded"));
}

}  // namespace
}  // namespace brownout::test
