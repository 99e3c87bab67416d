// Tests rehearsals over real sockets, with a proxy, embedded servers, users of every kind, and
// reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/rehearsal/live_view.h"
#include "proxy/rehearsal/webhooks.h"
#include "rules/base/columns.h"
#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kPhases = calm("20s") + outage_and_recovery("40s", "30s");

TEST(Rehearsal, UsersOfEveryKindAreServed) {
  const auto done = rehearse_in_real_time(calm("1m") + R"(
[[probe]]
name = "tcp"
users = 3
every = "6s"
endpoints = ["chat"]
resolve = ["chat.example.org"]
resolver = "dns"
[[probe]]
name = "http"
kind = "http"
every = "6s"
endpoints = ["web"]
reuse = false
body = "ok"
[[probe]]
name = "dns"
kind = "dns"
every = "6s"
endpoints = ["dns"]
qname = "chat.example.org"
answer = ["127.0.0.1"]
[[probe]]
name = "websocket"
kind = "websocket"
every = "6s"
endpoints = ["socket"]
[[probe]]
name = "tls"
kind = "tls"
every = "6s"
endpoints = ["secure"]
sni = "any.example.org"
ca = "ca/ca.pem"
[[probe]]
name = "exec"
kind = "exec"
every = "12s"
command = "test 1 = 1"
[[expect]]
metric = "availability"
at_least = "100%"
[[expect]]
metric = "messages_lost"
at_most = 0
[[expect]]
metric = "share"
server = "127.0.0.1:7001"
at_least = "100%"
)");
  EXPECT_TRUE(all_met(done.report));
  EXPECT_EQ(done.report.result(), Result::kMet) << done.report.headline();
  const auto json = to_json(done.report);
  ASSERT_EQ(json["series"]["probes"].size(), 6U);
  for (const auto& probe : json["series"]["probes"]) {
    std::size_t served = 0;
    for (const auto& count : probe["ok"]) served += count.get<std::size_t>();
    EXPECT_GE(served, 2U) << probe["probe"];
  }
  // Traffic as the proxy measures it: requests in protocols that it parses, and alternations of
  // direction ("turns") in all others. A client that only performs a handshake sends no request,
  // and may close before the proxy has connected to the server.
  std::set<std::string> listeners;
  for (const auto& row : json["series"]["traffic"]) {
    const auto name = row["listener"].get<std::string>();
    const auto& total = row["total"];
    EXPECT_EQ(total["failed"], 0) << name;
    if (name == "secure") continue;
    listeners.insert(name);
    // The number of connections is not checked, since some clients connect before the first phase
    // and keep the connection open.
    const bool raw = name == "chat" || name == "socket";
    EXPECT_EQ(total["latency"].empty(), raw) << name;
    EXPECT_EQ(total["p50_s"].is_null(), raw) << name;
    EXPECT_GE(total[raw ? "turns" : "ok"], 2) << name;
    EXPECT_EQ(total[raw ? "ok" : "turns"], 0) << name;
    EXPECT_EQ(total["bytes_up"] > 0, raw) << name;
  }
  EXPECT_THAT(listeners, testing::ElementsAre("chat", "dns", "socket", "web"));
}

// Each listener fails in a different way. The proxy measures this without data from synthetic
// users.
TEST(Rehearsal, TrafficIsMeasuredByListenerAndRegion) {
  const auto done = rehearse_all_the_same(R"(
[[region]]
name = "near"
clients = "127.1.0.0/16"
[[region]]
name = "far"
clients = "127.2.0.0/16"
[[listener]]
name = "api"
protocol = "http"
listen = "127.0.0.1:7014"
upstream = "servers"
[[listener]]
name = "shut"
protocol = "http"
listen = "127.0.0.1:7015"
upstream = "servers"
[[rule]]
name = "no answer"
match = { listener = "api", client = "127.2.0.0/16" }
fault = { type = "timeout" }
[[rule]]
name = "slow"
match = { listener = "api", client = "127.1.0.0/16", direction = "downstream" }
fault = { type = "latency", delay = "40ms" }
[[rule]]
name = "refused"
match = { listener = "shut" }
fault = { type = "refuse" }
[[rule]]
name = "errors"
match = { listener = "web" }
fault = { type = "abort", status = 503 }
[[rule]]
name = "wrong names"
match = { listener = "dns" }
fault = { type = "servfail" }
[[phase]]
name = "outage"
for = "2m"
rules = ["no answer", "slow", "refused", "errors", "wrong names"]
[[probe]]
name = "near"
kind = "http"
region = "near"
every = "6s"
endpoints = ["api"]
[[probe]]
name = "far"
kind = "http"
region = "far"
every = "6s"
timeout = "300ms"
endpoints = ["api"]
[[probe]]
name = "shut"
kind = "http"
every = "6s"
timeout = "300ms"
reuse = false
endpoints = ["shut"]
[[probe]]
name = "http"
kind = "http"
every = "6s"
endpoints = ["web"]
[[probe]]
name = "dns"
kind = "dns"
every = "6s"
endpoints = ["dns"]
qname = "chat.example.org"
[[expect]]
metric = "availability"
within = "20s"
listener = "api"
region = "near"
at_least = "100%"
[[expect]]
metric = "latency_p50"
listener = "api"
region = "near"
at_least = "40ms"
[[expect]]
metric = "availability"
within = "20s"
listener = "api"
region = "far"
at_most = "0%"
[[expect]]
metric = "availability"
within = "20s"
listener = ["shut", "web", "dns"]
at_most = "0%"
)");
  EXPECT_EQ(done.report.course.stopped, "");
  EXPECT_TRUE(all_met(done.report));
  std::map<std::string, int> failed;
  const auto json = to_json(done.report);
  for (const auto& row : json["series"]["traffic"]) {
    failed[row["listener"].get<std::string>()] += row["total"]["failed"].get<int>();
  }
  for (const auto* listener : {"api", "dns", "shut", "web"})
    EXPECT_GE(failed[listener], 2) << listener;
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| api | far | 0 of "));
}

// In a protocol that Brownout does not parse, a logout message, a close and a lost request look the
// same.
TEST(Rehearsal, UnparsedBytesHaveNoRequests) {
  const auto done = rehearse(calm("1m") + R"(
[[probe]]
name = "tcp"
every = "3s"
reuse = false
endpoints = ["chat"]
[[expect]]
metric = "reconnect_rate"
listener = "chat"
at_most = "10/s"
)");
  EXPECT_EQ(done.report.result(), Result::kMet) << to_markdown(done.report);
  const auto total = to_json(done.report)["series"]["traffic"][0]["total"];
  EXPECT_EQ(total["ok"], 0);
  EXPECT_EQ(total["failed"], 0);
  EXPECT_EQ(total["turns"], total["connections"]);
  EXPECT_EQ(total["bytes_up"], total["bytes_down"]);
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| chat |  | - | - | - | "));
}

const std::string kGone = kChatIsGone + R"(
[[probe]]
name = "phones"
users = 4
every = "3s"
timeout = "300ms"
endpoints = ["chat", "standby"]
[[expect]]
name = "they keep talking"
metric = "availability"
phase = "outage"
at_least = "99%"
[[expect]]
name = "it is noticed"
metric = "time_to_detect"
at_most = "20s"
)";

TEST(Rehearsal, AContingencyPlanMeetsItsExpectations) {
  const auto done = rehearse(kPhases + kGone, Handling::kWell, true);
  EXPECT_EQ(done.report.result(), Result::kMet) << to_markdown(done.report);
  const auto json = to_json(done.report);
  EXPECT_EQ(json["result"], "met");
  EXPECT_EQ(json["phases"].size(), 3U);
  EXPECT_EQ(json["series"]["faults"][0]["rule"], "gone");
  EXPECT_FALSE(json["series"]["marks"].empty());
  EXPECT_THAT(to_html(done.report), HasSubstr("gone</text>"));
  EXPECT_THAT(to_junit(done.report),
              HasSubstr("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\""));
}

TEST(Rehearsal, WithoutAPlanOnlyTheOutageExpectationFails) {
  const auto done = rehearse(kPhases + kGone, Handling::kBadly, true);
  EXPECT_EQ(done.report.result(), Result::kNotMet);
  EXPECT_FALSE(done.report.verdicts[0].met);
  EXPECT_TRUE(done.report.verdicts[1].met) << done.report.verdicts[1].evidence;
  EXPECT_THAT(to_junit(done.report), HasSubstr("<failure message=\"availability in outage"));
  EXPECT_THAT(to_markdown(done.report),
              HasSubstr("**NOT MET** | they keep talking: availability in outage"));
}

TEST(Rehearsal, ARuleThatNeverMatchesFailsInCi) {
  const std::string rule =
      "[[rule]]\nname = \"gone\"\nmatch = { client = \"192.0.2.1\" }\n"
      "fault = { type = \"refuse\" }\n";
  const std::string probe = "[[probe]]\nname = \"p\"\nevery = \"3s\"\nendpoints = [\"chat\"]\n";
  EXPECT_EQ(rehearse(kPhases + rule + probe, Handling::kWell, true).report.missed,
            std::vector<std::string>{"gone"});
  const auto allowed =
      rehearse(kPhases + rule + "may_miss = true\n" + probe, Handling::kWell, true);
  EXPECT_EQ(allowed.report.missed, std::vector<std::string>{});
  // A rehearsal without expectations does not count as a success.
  EXPECT_EQ(allowed.report.result(), Result::kNotMeasured);
  EXPECT_THAT(allowed.report.headline(),
              HasSubstr("there is no verdict, because the file has no [[expect]]"));
}

TEST(Rehearsal, DoesNotBeginWithoutASteadyState) {
  const auto done = rehearse(calm("1h") + R"(
[[probe]]
name = "p"
every = "3s"
timeout = "100ms"
endpoints = ["127.0.0.1:1"]
)");
  EXPECT_EQ(done.report.result(), Result::kStopped);
  EXPECT_THAT(done.report.course.stopped,
              HasSubstr("the steady state was not met before the first phase"));
  EXPECT_THAT(done.report.course.stopped, HasSubstr("Connection refused"));
}

TEST(Rehearsal, AnInterruptRunsTheRecovery) {
  const auto done =
      rehearse_with_signals(kChatIsGone + outage_and_recovery("10h", "20s") + kHastyUser + R"(
[[expect]]
metric = "availability"
phase = "after"
within = "9s"
at_least = "100%"
)",
                            {SIGINT}, 20s);
  EXPECT_EQ(done.report.course.stopped, "a signal such as Ctrl-C interrupted the rehearsal");
  ASSERT_EQ(done.report.course.seen.phases.size(), 2U);
  EXPECT_TRUE(done.report.verdicts.front().met) << done.report.verdicts.front().evidence;
}

TEST(Rehearsal, AProbeThatCrashesFailsAndTheRecoveryRuns) {
  const auto done =
      rehearse_in_real_time(kPhases +
                                "[[rule]]\nname = \"gone\"\nfault = { type = \"reset\" }\n"
                                "[[probe]]\nname = \"p\"\nkind = \"exec\"\nevery = \"6s\"\n"
                                "command = \"kill -SEGV $$\"\n"
                                "[[expect]]\nmetric = \"availability\"\nat_least = \"100%\"\n",
                            true);
  EXPECT_EQ(done.report.course.stopped, "");
  ASSERT_EQ(done.report.course.seen.phases.size(), 3U);
  EXPECT_THAT(done.report.verdicts.front().evidence, HasSubstr("most often: killed by signal 11"));
}

TEST(Webhooks, DeliverMessagesWithoutDelayingTheRehearsal) {
  std::mutex mutex;
  std::vector<std::string> bodies;
  const proxy::MessagingServer receiver({"127.0.0.1", 0, ""}, [&](std::string_view body) {
    const std::lock_guard lock(mutex);
    bodies.emplace_back(body);
  });
  {
    rules::Webhook hook{.url = "http://" + to_text(receiver.endpoint()) + "/hook"};
    hook.expectations = false;
    Webhooks hooks({hook, {.url = "http://127.0.0.1:1/nobody"}});
    hooks.tell(Webhooks::About::kPhase, {{"phase", "outage"}});
    hooks.tell(Webhooks::About::kExpectation, {{"met", true}});
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(bodies, std::vector<std::string>{"{\"phase\":\"outage\"}"});
}

TEST(Rehearsal, TheLiveViewShowsPhaseAndProbes) {
  std::string last;
  rehearse(kPhases + kGone, Handling::kBadly, false, [&](const Runner& runner) {
    if (runner.now() > 50s) last = LiveView::compose(runner, false);
  });
  EXPECT_THAT(last, HasSubstr("lab: "));
  EXPECT_THAT(last, HasSubstr("(phase 3 of 3"));
  std::istringstream lines(last);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(rules::columns_of(line), 79U) << line;
  // On a slow machine some columns are empty.
  std::erase(last, ' ');
  EXPECT_THAT(last, testing::ContainsRegex("phones\\[#+-?x+-?#*\\]"));
}

}  // namespace
}  // namespace brownout::test
