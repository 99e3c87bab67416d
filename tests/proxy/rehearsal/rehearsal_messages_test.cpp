// Tests rehearsals with MQTT users over real sockets to an embedded broker. Lost, duplicated and
// reordered messages are counted exactly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

// The totals of one user that sends every 100 ms for a second and a half, at QoS `qos`, through a
// rule.
struct Outcome {
  std::int64_t operations = 0;
  std::int64_t served = 0;
  std::int64_t connects = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  std::string why;
};

// Further keys of the probe: its time-out, which is long if no attempt may fail.
const std::string kPatient = "timeout = \"5s\"\n";
const std::string kBrisk = "timeout = \"500ms\"\n";

Outcome speak(int qos, const std::string& rules, const std::string& probe = kBrisk) {
  const auto done = rehearse_file(R"(version = 1
seed = 5
[scenario]
name = "messages"
time_scale = "60x"
[[upstream]]
name = "broker"
servers = ["127.0.0.1:1883"]
[[listener]]
name = "mqtt"
protocol = "mqtt"
listen = "127.0.0.1:1884"
upstream = "broker"
[[phase]]
name = "all the time"
for = "90s"
[[probe]]
name = "phone"
kind = "mqtt"
every = "6s"
endpoints = ["mqtt"]
qos = )" + std::to_string(qos) + "\n" +
                                      probe + rules,
                                  {.force = true});
  Outcome outcome;
  const auto& tally = done.report.course.seen.tally.probe(0);
  outcome.operations = static_cast<std::int64_t>(tally.operations);
  outcome.served = static_cast<std::int64_t>(tally.served);
  outcome.connects = tally.sums.connects;
  outcome.sent = tally.sums.sent;
  outcome.lost = tally.sums.lost;
  outcome.duplicated = tally.sums.duplicated;
  outcome.reordered = tally.sums.reordered;
  outcome.why = tally.sums.why;
  return outcome;
}

TEST(RehearsalMessages, NothingIsLostWithoutARule) {
  for (const int qos : {0, 1, 2}) {
    const auto all = speak(qos, "", kPatient);
    EXPECT_GE(all.served, 3) << all.why;
    EXPECT_EQ(all.served, all.operations) << all.why;
    EXPECT_EQ(all.connects, 1);
    EXPECT_EQ(all.sent, 3 * all.operations);
    EXPECT_EQ(all.lost + all.duplicated + all.reordered, 0);
  }
}

// The proxy counts all requests of users without faults as served. DISCONNECT and a client's
// acknowledgements are not requests.
TEST(RehearsalMessages, EveryRequestToAHealthyBrokerIsServed) {
  for (const bool stay : {false, true}) {
    const auto done = rehearse_file(R"(version = 1
seed = 5
[scenario]
name = "messages"
time_scale = "60x"
[[upstream]]
name = "broker"
servers = ["127.0.0.1:1883"]
[[listener]]
name = "mqtt"
protocol = "mqtt"
listen = "127.0.0.1:1884"
upstream = "broker"
[[phase]]
name = "all the time"
for = "90s"
[[probe]]
name = "phone"
kind = "mqtt"
every = "12s"
timeout = "5s"
qos = 2
endpoints = ["mqtt"]
reuse = )" + std::string(stay ? "true" : "false") +
                                        R"(
[[expect]]
metric = "availability"
listener = "mqtt"
at_least = "100%"
[[expect]]
metric = "latency_p99"
listener = "mqtt"
at_most = "100ms"
)",
                                    {.force = true});
    for (const auto& verdict : done.report.verdicts) {
      EXPECT_TRUE(verdict.met) << verdict.wanted << ": " << verdict.evidence;
    }
  }
}

TEST(RehearsalMessages, ADroppedMessageCountsAsLost) {
  const auto all = speak(0, R"([[rule]]
match = { packet = "publish", direction = "downstream", every = 9 }
fault = { type = "drop" })");
  EXPECT_GE(all.lost, 1);
  EXPECT_EQ(all.lost, all.sent / 9);
  EXPECT_EQ(all.operations - all.served, all.lost);
  EXPECT_EQ(all.why, "1 of 3 messages did not come back");
}

TEST(RehearsalMessages, ADuplicatedMessageCountsAsDuplicated) {
  const auto all = speak(0, R"([[rule]]
match = { packet = "publish", direction = "upstream", every = 3 }
fault = { type = "duplicate", share = "100%" })",
                         kPatient);
  // The copy of the last message may arrive after the end.
  EXPECT_GE(all.duplicated, 1);
  EXPECT_LE(all.duplicated, all.sent / 3);
  EXPECT_GE(all.duplicated, all.sent / 3 - 1);
  EXPECT_EQ(all.lost, 0);
}

TEST(RehearsalMessages, AnOvertakenMessageCountsAsReordered) {
  const auto all = speak(0, R"([[rule]]
match = { text = "2", direction = "downstream" }
fault = { type = "hold_until", passes = { text = "3" } })",
                         kPatient);
  EXPECT_EQ(all.reordered, 1);
  EXPECT_EQ(all.lost, 0);
}

// At QoS 1 (at least once) the client repeats unacknowledged messages, so nothing is lost.
TEST(RehearsalMessages, LostAcknowledgementsDuplicateMessagesAndLoseNone) {
  const auto all = speak(1, R"([[rule]]
match = { packet = "puback", direction = "downstream", every = 7 }
fault = { type = "ack_loss" })");
  EXPECT_LT(all.served, all.operations);
  EXPECT_EQ(all.why, "1 message was not acknowledged");
  EXPECT_EQ(all.lost, 0);
  EXPECT_GE(all.duplicated, 1);
  EXPECT_GT(all.connects, 1);
}

TEST(RehearsalMessages, ExactlyOnceDuplicatesNothing) {
  const auto all = speak(2, R"([[rule]]
match = { packet = ["pubrec", "pubcomp"], direction = "downstream", every = 11 }
fault = { type = "ack_loss" })");
  EXPECT_LT(all.served, all.operations);
  EXPECT_EQ(all.lost, 0);
  EXPECT_EQ(all.duplicated, 0);
}

// A message that is lost in one attempt is sent again in the next, because the session is kept.
TEST(RehearsalMessages, ALateMessageIsNotLost) {
  const auto all = speak(1, R"([[rule]]
match = { packet = "publish", direction = "upstream", every = 7 }
fault = { type = "drop" })");
  EXPECT_LT(all.served, all.operations);
  EXPECT_LE(all.lost, 1);
  EXPECT_GE(all.reordered, 1);
}

TEST(RehearsalMessages, ARefusalOfTheBrokerIsTheReason) {
  const auto refused = speak(0, R"([[rule]]
match = { packet = "connect" }
fault = { type = "reject", reason = 3 })");
  EXPECT_EQ(refused.served, 0);
  EXPECT_THAT(refused.why, testing::HasSubstr("refused: "));
  const auto forbidden = speak(0, R"([[rule]]
match = { packet = "subscribe" }
fault = { type = "reject" })");
  EXPECT_THAT(forbidden.why, testing::HasSubstr("refused the subscription to brownout/"));
}

TEST(RehearsalMessages, WithoutReuseEveryOperationConnects) {
  const auto all = speak(1, "", "reuse = false\n" + kPatient);
  EXPECT_EQ(all.connects, all.operations);
  EXPECT_EQ(all.served, all.operations) << all.why;
}

}  // namespace
}  // namespace brownout::test
