#include "proxy/draft/sources.h"

#include <gmock/gmock.h>

#include "rules/language/toxic.h"
#include "tests/support/draft_checks.h"

namespace brownout::draft {
namespace {

using test::text_or_error;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string from_toxiproxy(const std::string& text) {
  return text_or_error(draft_of_toxiproxy(text));
}
std::string from_tc(const std::string& text, const std::string& protocol = "") {
  return text_or_error(draft_of_netem(text, {"", {}, protocol}));
}

TEST(ToxiproxyFile, BecomesListenersAndRules) {
  const auto text = from_toxiproxy(R"([{"name": "web", "listen": "127.0.0.1:8001",
      "upstream": "example.org:80", "toxics": [
        {"type": "latency", "toxicity": 0.25, "attributes": {"latency": 100, "jitter": 20}},
        {"type": "limit_data", "stream": "upstream", "attributes": {"bytes": 1000}},
        {"type": "noop"}]},
      {"name": "db", "listen": ":5433", "upstream": "localhost:5432", "enabled": false}])");
  EXPECT_THAT(text, HasSubstr("name = \"web\"\nlisten = \"127.0.0.1:8001\"\n"
                              "upstream = \"example.org:80\"\n"));
  EXPECT_THAT(text,
              HasSubstr("fault = { type = \"latency\", delay = \"100ms\", jitter = \"20ms\" }"));
  EXPECT_THAT(text, HasSubstr("probability = \"25%\""));
  EXPECT_THAT(text, HasSubstr("match = { listener = \"web\", direction = \"upstream\" }"));
  EXPECT_THAT(text, HasSubstr("upstream = \"localhost:5432\"\nenabled = false"));
  EXPECT_EQ(rules::load_toml(text)->rules.size(), 2U);
}

TEST(ToxiproxyFile, HasEveryToxic) {
  for (const auto& toxic : rules::all_toxics()) {
    std::string attributes;
    for (const auto& attribute : toxic.attributes) {
      const auto value = attribute.name == "average_size" ? "10" : attribute.fraction ? "0.5" : "1";
      attributes +=
          (attributes.empty() ? "\"" : ", \"") + std::string(attribute.name) + "\": " + value;
    }
    const auto text = from_toxiproxy(
        R"([{"name": "a", "listen": "127.0.0.1:1", "upstream": "127.0.0.1:2", "toxics": [{"type": ")" +
        std::string(toxic.name) + R"(", "attributes": {)" + attributes + "}}]}]");
    EXPECT_THAT(text, Not(StartsWith("error"))) << toxic.name;
  }
}

TEST(ToxiproxyFile, MayBeTheAnswerOfTheApi) {
  EXPECT_THAT(
      from_toxiproxy(
          R"({"web": {"name": "web", "listen": "127.0.0.1:1", "upstream": "127.0.0.1:2"}})"),
      HasSubstr("name = \"web\""));
}

TEST(ToxiproxyFile, WithAMistakeSaysWhere) {
  EXPECT_THAT(from_toxiproxy("[{\"name\": \"a\"}]"),
              StartsWith("error: missing required field: upstream at proxy 1"));
  EXPECT_THAT(from_toxiproxy(R"([{"name": "a", "upstream": "h:1", "toxics": [{"type": "slow"}]}])"),
              StartsWith("error: invalid toxic type at proxy 1"));
  EXPECT_THAT(from_toxiproxy("[]"), StartsWith("error: the file has no proxy"));
  EXPECT_THAT(from_toxiproxy("7"), StartsWith("error: the file is not a JSON list of proxies"));
  EXPECT_THAT(from_toxiproxy("[{"), StartsWith("error: bad request body: it is not JSON"));
  const std::string twice = R"({"name": "a", "listen": "127.0.0.1:1", "upstream": "h:1"})";
  EXPECT_THAT(from_toxiproxy("[" + twice + "," + twice + "]"),
              StartsWith("error: two proxies have the name \"a\""));
}

TEST(NetemCommands, BecomeRules) {
  const auto text = from_tc(
      "tc qdisc add dev eth0 root netem delay 100ms 10ms 25% distribution normal \\\n"
      "  loss 0.3% 25% corrupt 0.1% rate 1mbit limit 1000\n");
  EXPECT_THAT(text, HasSubstr("fault = { type = \"latency\", delay = \"100ms\", jitter = \"10ms\", "
                              "correlation = \"25%\", distribution = \"normal\" }"));
  EXPECT_THAT(text,
              HasSubstr("fault = { type = \"loss\", loss = \"0.3%\", correlation = \"25%\" }"));
  EXPECT_THAT(text,
              HasSubstr("fault = { type = \"corrupt\", chance = \"0.1%\", each = \"chunk\" }"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem corrupt 1% 30%"),
              HasSubstr("each = \"chunk\", correlation = \"30%\" }"));
  EXPECT_THAT(text, HasSubstr("rate = \"1 Mbit/s\""));
  EXPECT_THAT(text, HasSubstr("match = { direction = \"upstream\" }"));
  EXPECT_THAT(text, HasSubstr("change `listen` and `upstream`"));
}

TEST(NetemCommands, OfLoopbackMeanBothDirections) {
  EXPECT_THAT(from_tc("tc qdisc add dev lo root netem delay 5ms"), Not(HasSubstr("match =")));
}

TEST(NetemCommands, ReorderAndDuplicateDatagrams) {
  const std::string command =
      "sudo tc qdisc change dev eth0 root netem delay 10ms reorder 25% 50% gap 5 duplicate 1% 10%";
  const auto udp = from_tc(command, "udp");
  EXPECT_THAT(udp, HasSubstr("{ type = \"reorder\", share = \"25%\", delay = \"10ms\", "
                             "correlation = \"50%\", gap = 5 }"));
  EXPECT_THAT(udp, HasSubstr("{ type = \"duplicate\", share = \"1%\", correlation = \"10%\" }"));
  EXPECT_THAT(udp, Not(HasSubstr("latency")));
  const auto tcp = from_tc(command);
  EXPECT_THAT(tcp, HasSubstr("# Left out of line 1: duplicate: TCP removes duplicates; use a "
                             "listener with datagrams"));
  EXPECT_THAT(tcp, HasSubstr("type = \"latency\", delay = \"10ms\""));
}

TEST(NetemCommands, KnowModelsAndTheOutputOfShow) {
  const auto shown = from_tc(
      "qdisc noqueue 0: dev lo root refcnt 2 \n"
      "qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms "
      "loss gemodel p 1% r 10% 1-h 70% 1-k 0.1%\n");
  EXPECT_THAT(shown, HasSubstr("{ type = \"loss\", p = \"1%\", r = \"10%\", 1-h = \"70%\", "
                               "1-k = \"0.1%\" }"));
  EXPECT_THAT(shown, HasSubstr("# Left out, because this command sets up no netem: qdisc noqueue"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem loss gemodel 1%"),
              HasSubstr("p = \"1%\", r = \"99%\", 1-h = \"100%\", 1-k = \"0%\""));
  EXPECT_THAT(
      from_tc("tc qdisc add dev a root netem loss state 1% 2% 3% slot 20ms 30ms delay 1s"),
      HasSubstr("{ type = \"loss\", p13 = \"1%\", p31 = \"2%\", p32 = \"3%\", p23 = \"100%\", "
                "p14 = \"0%\" }"));
  EXPECT_THAT(
      from_tc("qdisc netem 1: dev a root limit 9 loss state p13 1% p31 99% p32 0% p23 100%"),
      HasSubstr("p13 = \"1%\", p31 = \"99%\", p32 = \"0%\", p23 = \"100%\", p14 = \"0%\""));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem loss state"), HasSubstr("a percentage"));
}

TEST(NetemCommands, DescribeTheLinkAndItsSlots) {
  const auto text = from_tc(
      "tc qdisc add dev a root netem rate 1mbit 20 48 5 slot 800us 1ms packets 42 bytes 64000\n");
  EXPECT_THAT(text, HasSubstr("rate = \"1 Mbit/s\", shared = \"rule\", overhead = \"20 B\", cell = "
                              "\"48 B\", cell_overhead = \"5 B\" }"));
  EXPECT_THAT(text, HasSubstr("{ type = \"slot\", min = \"800us\", max = \"1ms\", packets = 42, "
                              "bytes = \"64 KB\" }"));
  const auto shown = from_tc(
      "qdisc netem 1: dev a root limit 1000 rate 1Mbit packetoverhead 20 cellsize 48 slot 5ms 5ms");
  EXPECT_THAT(shown, HasSubstr("overhead = \"20 B\", cell = \"48 B\" }"));
  EXPECT_THAT(shown, HasSubstr("{ type = \"slot\", min = \"5ms\" }"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem delay 1s 1ms distribution experimental"),
              HasSubstr("# Left out of line 1: distribution experimental: give the file of this "
                        "distribution in the key\n# `distribution_file`"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem rate 1mbit -20"),
              HasSubstr("# Left out of line 1: rate: -20: a proxy cannot do this"));
  EXPECT_THAT(
      from_tc("tc qdisc add dev a root netem slot distribution normal 1ms 2ms delay 1s"),
      HasSubstr("# Left out of line 1: slot distribution normal 1ms 2ms: a proxy cannot do this"));
}

TEST(NetemCommands, WithAMistakeSayWhere) {
  EXPECT_THAT(
      from_tc("# a comment\n\ntc qdisc add dev a root netem delay 100"),
      StartsWith(
          "error: line 3: a time after \"delay\" is expected, not \"100\" (a number with a unit"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem delay"), HasSubstr("not \"\""));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem los 1%"),
              StartsWith("error: line 1: an option of netem is expected, not \"los\""));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem loss 101%"), HasSubstr("from 0% to 100%"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem rate fast"), HasSubstr("a rate after"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem delay 1s distribution normal"),
              HasSubstr("a delay with a jitter"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem slot 2ms 1ms"),
              HasSubstr("a maximum time that is not less than the minimum time"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem slot 2ms packets many"),
              HasSubstr("a whole number in \"slot\" is expected, not \"many\""));
  EXPECT_THAT(from_tc("rm -rf netem"), StartsWith("error: line 1: this line is not a tc command"));
  EXPECT_THAT(from_tc(""), StartsWith("error: the file has no tc command with netem"));
  EXPECT_THAT(from_tc("tc qdisc add dev a root netem delay 90000s"),
              StartsWith("error: the rule file that this input leads to would be invalid: "));
}

TEST(SourceOfAFile, IsFoundByItsContent) {
  const auto name = [](const std::string& text) {
    const auto source = source_of(text);
    if (!source) return describe(source.error());
    for (const auto& candidate : source_names()) {
      if (source_named(candidate) == *source) return candidate;
    }
    return std::string("?");
  };
  EXPECT_EQ(name("\n{\"listener\":\"a\",\"flow\":1,\"destination\":\"192.0.2.1:1\"}\n{}"), "flows");
  EXPECT_EQ(name("{\"time\":\"t\",\"event\":\"opened\",\"listener\":\"a\"}"), "flows");
  EXPECT_EQ(name("[\n {\"name\": \"a\", \"upstream\": \"b:1\"}]"), "toxiproxy");
  EXPECT_EQ(name("{\"a\": {\"name\": \"a\", \"upstream\": \"b:1\"}}"), "toxiproxy");
  EXPECT_EQ(name("#!/bin/sh\ntc qdisc add dev eth0 root netem delay 1ms"), "tc");
  EXPECT_EQ(name("static_resources:\n  listeners:\n  - name: envoy.filters.http.fault"), "envoy");
  EXPECT_THAT(name("[[rule]]\n"), StartsWith("init does not recognise the kind of this file"));
  EXPECT_THAT(name(""), HasSubstr("--format flows, toxiproxy, tc, envoy"));
}

}  // namespace
}  // namespace brownout::draft
