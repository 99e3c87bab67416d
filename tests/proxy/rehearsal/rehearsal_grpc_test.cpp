// Tests rehearsals with gRPC users in virtual time: the health service of the embedded servers,
// through faults of HTTP/2.
#include <gtest/gtest.h>

#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

// The totals of one user that calls every second for a minute, through rules.
struct CallTotals {
  std::uint64_t operations = 0;
  std::uint64_t served = 0;
  rules::Operation sums;
  std::string attempts;  // evidence of the peak of the attempts, "" without such an expectation
};

const std::string kOnePhase = "[[phase]]\nname = \"all the time\"\nfor = \"1m\"\n";

CallTotals call_health(const std::string& keys, const std::string& rules = "",
                       const std::string& phases = kOnePhase) {
  const auto done = rehearse_file(R"(version = 1
seed = 5
[scenario]
name = "calls"
[[upstream]]
name = "servers"
servers = ["127.0.0.1:7001"]
[[listener]]
name = "api"
protocol = "grpc"
listen = "127.0.0.1:7010"
upstream = "servers"
[[probe]]
name = "caller"
kind = "grpc"
every = "1s"
endpoints = ["api"]
)" + keys + "\n" + rules + phases,
                                  {.force = true, .pace = rehearsal::Pace::kVirtual});
  const auto& tally = done.report.course.seen.tally.probe(0);
  const auto& verdicts = done.report.verdicts;
  return {tally.operations, tally.served, tally.sums,
          verdicts.empty() ? "" : verdicts.front().evidence};
}

const std::string kUnavailableOnce = R"([[rule]]
name = "every other call fails"
match = { path = "/grpc.health.v1.Health/Check", every = 2 }
fault = { type = "abort", grpc_status = 14 }
)";

TEST(RehearsalGrpc, CallsOfTheHealthServiceAreServed) {
  for (const std::string keys : {"", "watch = true", "deadline = \"500ms\""}) {
    const auto all = call_health(keys);
    EXPECT_GE(all.served, 55U) << keys << ": " << all.sums.why;
    EXPECT_EQ(all.served, all.operations) << keys << ": " << all.sums.why;
    EXPECT_EQ(all.sums.connects, 1) << keys;
    EXPECT_EQ(all.sums.lost, 0) << keys;
  }
}

TEST(RehearsalGrpc, FailedCallsHaveTheirStatus) {
  const auto all = call_health("", kUnavailableOnce);
  EXPECT_NEAR(static_cast<double>(all.served), static_cast<double>(all.operations) / 2, 2);
  EXPECT_EQ(all.sums.why, "gRPC status UNAVAILABLE");
}

TEST(RehearsalGrpc, ARetryPolicyHidesFailures) {
  const auto all =
      call_health("retry = { max_attempts = 2, backoff = \"1ms\" }",
                  kUnavailableOnce + "[[expect]]\nmetric = \"attempt_rate\"\nat_most = \"2/s\"\n");
  EXPECT_EQ(all.served, all.operations) << all.sums.why;
  EXPECT_EQ(all.attempts, "peak: 2 attempts in 1s");
  const auto other =
      call_health("retry = { max_attempts = 2, codes = [\"ABORTED\"] }", kUnavailableOnce);
  EXPECT_LT(other.served, other.operations);
}

TEST(RehearsalGrpc, TheDeadlineEndsASlowCall) {
  const std::string slow =
      "[[rule]]\nname = \"slow\"\nfault = { type = \"h2_header_late\", delay = "
      "\"400ms\" }\n";
  EXPECT_EQ(call_health("deadline = \"1s\"", slow).sums.why, "");
  const auto all = call_health("deadline = \"300ms\"", slow);
  EXPECT_EQ(all.served, 0U);
  EXPECT_EQ(all.sums.why, "gRPC status DEADLINE_EXCEEDED: the deadline has passed");
  EXPECT_EQ(all.sums.connects, 1);
}

// GOAWAY that covers no request: each call is refused, and repeated on a new connection.
TEST(RehearsalGrpc, ARefusedCallIsRepeatedWithoutAPolicy) {
  const auto all = call_health("", R"([[rule]]
name = "deploy"
match = { every = 2 }
fault = { type = "h2_goaway", last_stream_id = "zero" }
)");
  EXPECT_EQ(all.served, all.operations) << all.sums.why;
  EXPECT_GT(all.sums.connects, 40);
}

TEST(RehearsalGrpc, KeepaliveNoticesASilentConnection) {
  const std::string silent = "[[rule]]\nname = \"gone\"\nfault = { type = \"unplug\" }\n";
  const auto phases = calm("20s") + outage_and_recovery("20s", "20s");
  // The user does not notice that its connection is silent, since it only waits for messages.
  const auto hangs = call_health("watch = true", silent, phases);
  EXPECT_EQ(hangs.served, hangs.operations) << hangs.sums.why;
  EXPECT_EQ(hangs.sums.connects, 1);
  const auto notices = call_health(
      "watch = true\ntimeout = \"500ms\"\nkeepalive = { every = \"2s\", timeout = \"1s\" }", silent,
      phases);
  EXPECT_GE(notices.sums.connects, 3);
  const auto failed = notices.operations - notices.served;
  EXPECT_TRUE(15 <= failed && failed <= 25) << failed << ": " << notices.sums.why;
}

}  // namespace
}  // namespace brownout::test
