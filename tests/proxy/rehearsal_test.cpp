// Rehearsals over real sockets: a proxy, embedded servers, users of every kind; and the reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/rehearsal/live_view.h"
#include "proxy/rehearsal/webhooks.h"
#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kFile = R"(
version = 1
seed = 5
[scenario]
name = "lab"
time_scale = "60x"
steady = { availability = "100%", for = "30s" }
[[zone]]
name = "zone"
records = ["chat.example.org. 60 IN A 127.0.0.1"]
[[upstream]]
name = "servers"
servers = ["127.0.0.1:7001", "127.0.0.1:7002"]
retry_after = "100ms"
[[upstream]]
name = "others"
servers = ["127.0.0.1:7003"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:7053"
zone = "zone"
[[listener]]
name = "chat"
listen = "127.0.0.1:7010"
upstream = "servers"
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:7011"
upstream = "servers"
[[listener]]
name = "socket"
protocol = "websocket"
listen = "127.0.0.1:7012"
upstream = "servers"
[[listener]]
name = "secure"
listen = "127.0.0.1:7013"
upstream = "servers"
tls = { ca = "ca" }
[[listener]]
name = "standby"
listen = "127.0.0.1:7020"
upstream = "others"
)";

Rehearsed rehearse(const std::string& text, Handling handling = Handling::kWell, bool ci = false,
                   const std::function<void(const Runner&)>& on_tick = {}, bool force = false) {
  return rehearse_file(kFile + text, {handling, ci, on_tick, force});
}

const std::string kPhases = R"(
[[phase]]
name = "calm"
for = "20s"
[[phase]]
name = "outage"
for = "40s"
rules = ["gone"]
[[phase]]
name = "after"
for = "30s"
recovery = true
)";

TEST(Rehearsal, UsersOfEveryKindAreServed) {
  const auto done = rehearse(R"(
[[phase]]
name = "calm"
for = "1m"
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
  for (const auto& one : done.report.verdicts) {
    EXPECT_TRUE(one.met) << one.wanted << ": " << one.evidence;
  }
  EXPECT_EQ(done.report.result(), Result::kMet) << done.report.headline();
  const auto json = to_json(done.report);
  ASSERT_EQ(json["series"]["probes"].size(), 6U);
  for (const auto& probe : json["series"]["probes"]) {
    std::size_t served = 0;
    for (const auto& count : probe["ok"]) served += count.get<std::size_t>();
    EXPECT_GE(served, 2U) << probe["probe"];
  }
  // And as the proxy saw it; who only shakes hands asks for nothing.
  std::set<std::string> listeners;
  for (const auto& one : json["series"]["traffic"]) {
    listeners.insert(one["listener"].get<std::string>());
    if (one["listener"] == "secure") continue;
    EXPECT_GE(one["total"]["ok"], 2) << one["listener"];
    EXPECT_EQ(one["total"]["failed"], 0) << one["listener"];
    EXPECT_FALSE(one["total"]["latency"].empty()) << one["listener"];
  }
  EXPECT_THAT(listeners, testing::ElementsAre("chat", "dns", "secure", "socket", "web"));
}

// Each listener fails in a way of its own, which the proxy notices without any synthetic user's
// help.
TEST(Rehearsal, WhatPassesIsMeasuredByListenerAndRegion) {
  const auto done = rehearse(R"(
[[region]]
name = "near"
clients = "127.1.0.0/16"
[[region]]
name = "far"
clients = "127.2.0.0/16"
[[rule]]
name = "no answer"
match = { listener = "chat", client = "127.2.0.0/16" }
fault = { type = "timeout" }
[[rule]]
name = "slow"
match = { listener = "chat", client = "127.1.0.0/16", direction = "downstream" }
fault = { type = "latency", delay = "40ms" }
[[rule]]
name = "refused"
match = { listener = "standby" }
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
region = "near"
every = "6s"
endpoints = ["chat"]
[[probe]]
name = "far"
region = "far"
every = "6s"
timeout = "300ms"
endpoints = ["chat"]
[[probe]]
name = "standby"
every = "6s"
timeout = "300ms"
reuse = false
endpoints = ["standby"]
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
listener = "chat"
region = "near"
at_least = "100%"
[[expect]]
metric = "latency_p50"
listener = "chat"
region = "near"
at_least = "40ms"
[[expect]]
metric = "availability"
within = "20s"
listener = "chat"
region = "far"
at_most = "0%"
[[expect]]
metric = "availability"
within = "20s"
listener = ["standby", "web", "dns"]
at_most = "0%"
)",
                             Handling::kWell, false, {}, true);
  EXPECT_EQ(done.report.course.stopped, "");
  for (const auto& one : done.report.verdicts) {
    EXPECT_TRUE(one.met) << one.wanted << ": " << one.evidence;
  }
  std::map<std::string, int> failed;
  const auto json = to_json(done.report);
  for (const auto& one : json["series"]["traffic"]) {
    failed[one["listener"].get<std::string>()] += one["total"]["failed"].get<int>();
  }
  for (const auto* listener : {"chat", "dns", "standby", "web"})
    EXPECT_GE(failed[listener], 2) << listener;
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| chat | far | 0 of "));
}

const std::string kGone = R"(
[[rule]]
name = "gone"
match = { listener = "chat" }
fault = { type = "reset" }
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

TEST(Rehearsal, APlanIsMeasured) {
  const auto done = rehearse(kPhases + kGone, Handling::kWell, true);
  EXPECT_EQ(done.report.result(), Result::kMet) << to_markdown(done.report);
  const auto json = to_json(done.report);
  EXPECT_EQ(json["result"], "met");
  EXPECT_EQ(json["phases"].size(), 3U);
  EXPECT_EQ(json["series"]["faults"][0]["rule"], "gone");
  EXPECT_FALSE(json["series"]["marks"].empty());
  EXPECT_THAT(to_html(done.report), HasSubstr("gone</text>"));
  EXPECT_THAT(to_junit(done.report), HasSubstr("tests=\"2\" failures=\"0\" errors=\"0\""));
}

TEST(Rehearsal, WithoutOneTheRightExpectationFails) {
  const auto done = rehearse(kPhases + kGone, Handling::kBadly, true);
  EXPECT_EQ(done.report.result(), Result::kNotMet);
  EXPECT_FALSE(done.report.verdicts[0].met);
  EXPECT_TRUE(done.report.verdicts[1].met) << done.report.verdicts[1].evidence;
  EXPECT_THAT(to_junit(done.report), HasSubstr("<failure message=\"availability in outage"));
  EXPECT_THAT(to_markdown(done.report), HasSubstr("**NOT MET** | availability in outage"));
}

TEST(Rehearsal, ARuleThatMatchesNobodyFailsInCi) {
  const std::string rule =
      "[[rule]]\nname = \"gone\"\nmatch = { client = \"192.0.2.1\" }\n"
      "fault = { type = \"refuse\" }\n";
  const std::string probe = "[[probe]]\nname = \"p\"\nevery = \"3s\"\nendpoints = [\"chat\"]\n";
  EXPECT_EQ(rehearse(kPhases + rule + probe, Handling::kWell, true).report.missed,
            std::vector<std::string>{"gone"});
  const auto allowed =
      rehearse(kPhases + rule + "may_miss = true\n" + probe, Handling::kWell, true);
  EXPECT_EQ(allowed.report.result(), Result::kMet);
}

TEST(Rehearsal, DoesNotBeginWhenItIsBrokenAlready) {
  const auto done = rehearse(R"(
[[phase]]
name = "calm"
for = "1h"
[[probe]]
name = "p"
every = "3s"
timeout = "100ms"
endpoints = ["127.0.0.1:1"]
)");
  EXPECT_EQ(done.report.result(), Result::kStopped);
  EXPECT_THAT(done.report.course.stopped, HasSubstr("it is broken before anything was done"));
  EXPECT_THAT(done.report.course.stopped, HasSubstr("Connection refused"));
}

TEST(Rehearsal, AnInterruptRunsTheRecovery) {
  bool sent = false;
  const auto done = rehearse(
      "[[rule]]\nname = \"gone\"\nmatch = { listener = \"chat\" }\nfault = { type = \"reset\" }\n"
      "[[phase]]\nname = \"outage\"\nfor = \"10h\"\nrules = [\"gone\"]\n"
      "[[phase]]\nname = \"after\"\nfor = \"20s\"\nrecovery = true\n"
      "[[probe]]\nname = \"p\"\nevery = \"3s\"\ntimeout = \"200ms\"\nendpoints = [\"chat\"]\n"
      "[[expect]]\nmetric = \"availability\"\nphase = \"after\"\nwithin = \"9s\"\nat_least = "
      "\"100%\"\n",
      Handling::kWell, false, [&](const Runner& runner) {
        if (!sent && runner.now() > 20s) ::raise(SIGINT);
        sent |= runner.now() > 20s;
      });
  EXPECT_EQ(done.report.course.stopped, "it was interrupted");
  ASSERT_EQ(done.report.course.seen.phases.size(), 2U);
  EXPECT_TRUE(done.report.verdicts.front().met) << done.report.verdicts.front().evidence;
}

TEST(Rehearsal, AProbeThatCrashesIsAFailureAndRecoveryRuns) {
  const auto done = rehearse(kPhases +
                                 "[[rule]]\nname = \"gone\"\nfault = { type = \"reset\" }\n"
                                 "[[probe]]\nname = \"p\"\nkind = \"exec\"\nevery = \"6s\"\n"
                                 "command = \"kill -SEGV $$\"\n"
                                 "[[expect]]\nmetric = \"availability\"\nat_least = \"100%\"\n",
                             Handling::kWell, false, {}, true);
  EXPECT_EQ(done.report.course.stopped, "");
  ASSERT_EQ(done.report.course.seen.phases.size(), 3U);
  EXPECT_THAT(done.report.verdicts.front().evidence, HasSubstr("most often: killed by signal 11"));
}

TEST(Webhooks, AreToldAndNeverWaitedFor) {
  std::mutex mutex;
  std::vector<std::string> bodies;
  const proxy::MessagingServer receiver({"127.0.0.1", 0, ""}, [&](std::string_view body) {
    const std::lock_guard lock(mutex);
    bodies.emplace_back(body);
  });
  {
    Webhooks hooks({{"http://" + to_text(receiver.endpoint()) + "/hook", true, false},
                    {"http://127.0.0.1:1/nobody", true, true}});
    hooks.tell(Webhooks::About::kPhase, {{"phase", "outage"}});
    hooks.tell(Webhooks::About::kExpectation, {{"met", true}});
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(bodies, std::vector<std::string>{"{\"phase\":\"outage\"}"});
}

TEST(Rehearsal, TheLiveViewSaysWhatAPersonWantsToKnow) {
  std::string last;
  rehearse(kPhases + kGone, Handling::kBadly, false, [&](const Runner& runner) {
    if (runner.now() > 50s) last = LiveView::compose(runner, false);
  });
  EXPECT_THAT(last, HasSubstr("lab: "));
  EXPECT_THAT(last, HasSubstr("(phase 3 of 3"));
  // A machine that is slow leaves columns empty.
  std::erase(last, ' ');
  EXPECT_THAT(last, testing::ContainsRegex("phones\\[#+-?x+-?#*\\]"));
}

TEST(Report, ComparesTwo) {
  const auto report = [](double value, bool met) {
    return nlohmann::json{
        {"format", "brownout-report-1"},
        {"expectations",
         {{{"name", "availability"}, {"value", value}, {"met", met}, {"more_is_better", true}}}}};
  };
  EXPECT_FALSE(compare(report(0.99, true), report(0.98, true), 0.05)->regressed);
  EXPECT_TRUE(compare(report(0.99, true), report(0.80, true), 0.05)->regressed);
  EXPECT_TRUE(compare(report(0.99, true), report(0.99, false), 0.05)->regressed);
  EXPECT_EQ(compare(report(0.5, true), report(0.9, true), 0.05)->text,
            "better   availability: 0.5 -> 0.9\n");
  EXPECT_FALSE(compare(nlohmann::json{}, report(1, true), 0).has_value());
}

}  // namespace
}  // namespace brownout::test
