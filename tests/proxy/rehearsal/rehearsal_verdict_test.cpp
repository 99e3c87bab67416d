// Tests rehearsals with problems: expectations that could not be measured, interrupts, and
// processes that probes leave behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using namespace std::chrono_literals;
using testing::HasSubstr;

// The evidence of an expectation that must not be met, marked if the expectation was measured.
std::string unmeasured(const Rehearsed& done, std::size_t number = 0) {
  const auto& verdict = done.report.verdicts.at(number);
  EXPECT_FALSE(verdict.met);
  return verdict.measured ? "measured: " + verdict.evidence : verdict.evidence;
}

TEST(Rehearsal, AnUnmeasuredExpectationIsNeitherFailureNorSuccess) {
  const auto done = rehearse(calm("1m") + R"(
[[probe]]
name = "phones"
every = "3s"
endpoints = ["chat"]
[[probe]]
name = "rare"
every = "10h"
endpoints = ["chat"]
[[expect]]
metric = "availability"
probe = "rare"
at_least = "0%"
[[expect]]
metric = "messages_lost"
probe = "rare"
at_most = 0
[[expect]]
metric = "time_to_failover"
probe = "phones"
at_most = "1s"
[[expect]]
metric = "availability"
probe = "phones"
at_least = "100%"
)");
  EXPECT_EQ(unmeasured(done, 0),
            "no operation counted: make the phase longer, or `every` of its probes shorter");
  EXPECT_EQ(unmeasured(done, 1),
            "no operation counted: make the phase longer, or `every` of its probes shorter");
  EXPECT_EQ(unmeasured(done, 2), "no user had to fail over");
  EXPECT_TRUE(done.report.verdicts[3].met);
  EXPECT_EQ(done.report.result(), Result::kNotMeasured);
  EXPECT_EQ(to_json(done.report)["result"], "not measured");
  EXPECT_EQ(to_json(done.report)["expectations"][0]["measured"], false);
  EXPECT_THAT(to_junit(done.report), HasSubstr("failures=\"0\" errors=\"0\" skipped=\"3\""));
  EXPECT_THAT(to_junit(done.report), HasSubstr("<skipped message=\"messages_lost of rare"));
  EXPECT_THAT(to_html(done.report), HasSubstr("NOT MEASURED"));
}

// Every attempt failed, so the expectation counts as measured.
TEST(Rehearsal, WithoutSentMessagesMessagesLostIsNotMet) {
  const auto done = rehearse_all_the_same(calm("1m") + R"(
[[probe]]
name = "phones"
every = "3s"
endpoints = ["127.0.0.1:1"]
[[expect]]
metric = "messages_lost"
at_most = 0
)");
  EXPECT_TRUE(done.report.verdicts[0].measured);
  EXPECT_FALSE(done.report.verdicts[0].met);
  EXPECT_EQ(done.report.result(), Result::kNotMet);
}

TEST(Rehearsal, AProbeThatCannotBeStartedMeasuresNothing) {
  const auto done = rehearse_in_real_time(calm("30s") + R"(
[[region]]
name = "elsewhere"
clients = "192.0.2.0/24"
[[probe]]
name = "foreign"
region = "elsewhere"
every = "3s"
endpoints = ["chat"]
[[probe]]
name = "no such command"
kind = "exec"
every = "3s"
command = "brownout-has-no-such-command 2>/dev/null"
[[expect]]
metric = "availability"
probe = "foreign"
at_least = "100%"
[[expect]]
metric = "availability"
probe = "no such command"
at_least = "100%"
)",
                                          true);
  EXPECT_THAT(unmeasured(done, 0),
              HasSubstr("foreign could not be started: no client can have the address 192.0.2.1"));
  EXPECT_THAT(unmeasured(done, 1), HasSubstr("command not found"));
  EXPECT_EQ(done.report.result(), Result::kNotMeasured);
}

// Some callers ignore SIGCHLD, and their child processes inherit this setting.
TEST(Rehearsal, ExitCodesAreSeenIfTheCallerIgnoresSigchld) {
  std::signal(SIGCHLD, SIG_IGN);
  const auto done = rehearse_in_real_time(
      calm("30s") +
          "[[probe]]\nname = \"p\"\nkind = \"exec\"\nevery = \"3s\"\ncommand = \"exit 3\"\n"
          "[[expect]]\nmetric = \"availability\"\nat_least = \"1%\"\n",
      true);
  EXPECT_TRUE(done.report.verdicts[0].measured);
  EXPECT_THAT(done.report.verdicts[0].evidence, HasSubstr("most often: exit code 3"));
}

// A probe's processes are ended even if they have detached from their parent.
TEST(Rehearsal, ProcessesOfAProbeEndWithTheRehearsal) {
  const auto file = testing::TempDir() + "brownout-left-behind";
  std::remove(file.c_str());
  rehearse_in_real_time(
      calm("60s") +
          "[[probe]]\nname = \"p\"\nkind = \"exec\"\nevery = \"24s\"\ncommand = \"\"\"\n"
          "sleep 3600 & echo $! >> " +
          file + "\nsetsid sh -c 'trap \\\"\\\" TERM; echo $$ >> " + file +
          "; while :; do sleep 0.1; done' &\n"
          "sleep 0.1\"\"\"\n",
      true);
  std::ifstream left(file);
  int count = 0;
  for (pid_t process = 0; left >> process; ++count) EXPECT_NE(::kill(process, 0), 0) << process;
  EXPECT_GE(count, 2);
}

const std::string kLongRecovery =
    kChatIsGone +
    outage_and_recovery("10h", "10h", "[[phase]]\nname = \"never\"\nfor = \"10s\"\n") + kHastyUser +
    R"(
[[expect]]
metric = "availability"
phase = "never"
at_least = "100%"
)";

TEST(Rehearsal, ASecondInterruptEndsTheRehearsal) {
  std::string said;
  const auto done = rehearse_with_signals(kLongRecovery, {SIGINT, SIGINT}, 60s, &said);
  EXPECT_THAT(
      said, HasSubstr("a signal such as Ctrl-C interrupted the rehearsal: all faults end at once, "
                      "and the recovery phase \"after\" "
                      "runs for 10m; interrupt again"));
  EXPECT_EQ(
      done.report.course.stopped,
      "a signal such as Ctrl-C interrupted the rehearsal, and a second signal interrupted the "
      "recovery phase");
  ASSERT_EQ(done.report.course.seen.phases.size(), 2U);
  EXPECT_LT(done.report.course.seen.phases[1].end, 3min);
  EXPECT_EQ(unmeasured(done), "the phase of this expectation did not run");
  EXPECT_EQ(done.report.result(), Result::kStopped);
}

TEST(Rehearsal, Sigusr1HaltsAndSigusr2HasNoEffect) {
  std::string said;
  const auto done =
      rehearse_with_signals(kLongRecovery, {SIGUSR2, SIGUSR1, SIGUSR1, SIGINT}, 60s, &said);
  EXPECT_THAT(said, testing::StartsWith("a SIGUSR1 halted the rehearsal: all faults end at once"));
  EXPECT_EQ(done.report.course.stopped,
            "a SIGUSR1 halted the rehearsal, and a second signal interrupted the recovery phase");
  ASSERT_EQ(done.report.course.seen.phases.size(), 2U);
  EXPECT_GE(done.report.course.seen.phases[1].begin, 2min);
  EXPECT_GE(done.report.course.seen.phases[1].end, 4min);
}

// SIGHUP is sent when the terminal closes, SIGQUIT when a person requests a core dump.
TEST(Rehearsal, EveryTerminatingSignalRunsTheRecovery) {
  for (const int number : {SIGHUP, SIGQUIT, SIGTERM}) {
    std::string said;
    const auto done = rehearse_with_signals(kLongRecovery, {number, SIGINT}, 60s, &said);
    EXPECT_THAT(said, HasSubstr("the recovery phase \"after\" runs")) << number;
    EXPECT_EQ(done.report.course.seen.phases.size(), 2U) << number;
  }
}

}  // namespace
}  // namespace brownout::test
