#include "rules/language/load_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "rules/language/presets.h"
#include "tests/support/files.h"

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHead = R"(version = 1
seed = 7
[[upstream]]
name = "brokers"
servers = ["127.0.0.1:1883", "127.0.0.1:1893"]
[[listener]]
name = "chat"
listen = "127.0.0.1:1884"
upstream = "brokers"
)";

std::string errors_of(const std::string& text) {
  const auto config = load_toml(text);
  if (config) return "";
  std::string list;
  for (const auto& problem : config.error().sorted()) {
    list += std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column) + " " +
            problem.what + (problem.hint.empty() ? "" : " | " + problem.hint) + "\n";
  }
  return list;
}

std::string errors_with(const std::string& rules) { return errors_of(std::string(kHead) + rules); }

// A dotted key such as "a.a.a".
std::string dotted(std::size_t parts, const std::string& part = "a") {
  std::string key = part;
  for (std::size_t i = 1; i < parts; ++i) key += "." + part;
  return key;
}

TEST(LoadToml, RejectsNestingThatWouldOverflowTheStack) {
  const std::string deep = dotted(100'000);
  const std::string quoted = dotted(100'000, "\"a\"");
  const std::string half = dotted(200);
  for (const auto& text : {
           deep + " = 1",
           "[" + deep + "]",
           "[[" + deep + "]]",
           "x = {" + deep + " = 1}",
           "x = [{y = [{" + deep + " = 1}]}]",
           quoted + " = 1",
           "[ " + quoted + " ]",
           dotted(100'000, " 'a' ") + " = 1",
           "[" + half + "]\n" + half + " = 1",
           "[" + half + "] # a comment\nb = 1\n" + half + " = 1",
           "[[" + half + "]]\nx = {" + half + " = 1}",
           half + " = { b = 1.5, " + half + " = 1 }",
           "x = \"\"\"\"a\"\"\"\"\"\n" + deep + " = 1",
           "x = ''' ' '' # '''\n" + deep + " = 1",
           "x = \"\\\"\" # \"\n" + deep + " = 1",
           "x = 'C:\\'\n" + deep + " = 1",
           "x = " + std::string(100'000, '['),
       }) {
    EXPECT_THAT(errors_of(text), testing::HasSubstr("more than 256 tables and arrays"))
        << text.substr(0, 40);
  }
  EXPECT_THAT(errors_of("# \xc3\xa4\n'\xc3\xa4'." + deep + " = 1"),
              testing::StartsWith("2:516 more than 256 tables and arrays in one another | each"));
}

TEST(LoadToml, AcceptsDotsThatDoNotNest) {
  const std::string deep = dotted(1000);
  std::string text = "a = '" + deep + "' # " + deep + "\nb = \"\\\"" + deep + "\"\nc = '''" + deep +
                     "'" + deep + "\n" + deep + "'''\nd = \"\"\"\n" + deep + "\\\"\"\"" + deep +
                     "\"\"\"\"\"\ne = [";
  for (int i = 0; i < 1000; ++i) text += "{ f.g = 1.5 },\n 0.5 , ";
  text += "]\n";
  for (int i = 0; i < 1000; ++i) text += "[x.y" + std::to_string(i) + "]\nz.z = 1.5\n";
  EXPECT_TRUE(parse_toml(text)) << errors_of(text);
  EXPECT_TRUE(parse_toml(dotted(256) + " = 1\n"));
  EXPECT_FALSE(parse_toml(dotted(258) + " = 1\n"));
}

TEST(LoadToml, ReadsAWholeFile) {
  const auto config = load_toml(std::string(kHead) + R"([[rule]]
name = "slow phones in the EU"
match = { listener = "chat", client = ["10.1.0.0/16"], direction = "upstream", after = 5 }
probability = "20%"
per = "client"
start = "10s"
duration = "1m"
ramp = "5s"
fault = { type = "latency", delay = "300ms", jitter = "50ms", distribution = "pareto" }
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->seed, 7U);
  ASSERT_EQ(config->upstreams.size(), 1U);
  EXPECT_EQ(config->upstreams[0].servers.size(), 2U);
  ASSERT_EQ(config->rules.size(), 1U);
  const auto& rule = config->rules[0];
  EXPECT_EQ(rule.name, "slow phones in the EU");
  EXPECT_EQ(rule.probability, Ratio::of(0.2));
  EXPECT_EQ(rule.per, Per::kClient);
  EXPECT_EQ(rule.schedule.start, 10s);
  EXPECT_EQ(*rule.schedule.duration, 1min);
  EXPECT_EQ(rule.match.direction, DirectionChoice::kUpstream);
  EXPECT_EQ(*rule.match.after, 5);
}

TEST(LoadToml, ReportsAllErrorsWithTheirPositions) {
  const auto errors = errors_of(R"(version = 1
[[upstream]]
name = "web"
servers = ["127.0.0.1"]
[[listener]]
name = "front"
listen = "127.0.0.1:80"
upstream = "wbe"
colour = 3
[[rule]]
match = { listener = "frnt" }
probability = 20
fault = { type = "latency", delay = "300", jiter = "5ms" }
)");
  EXPECT_THAT(errors, testing::HasSubstr("4:12 servers: \"127.0.0.1\" has no port"));
  EXPECT_THAT(errors,
              testing::HasSubstr("8:12 there is no upstream \"wbe\" | did you mean \"web\"?"));
  EXPECT_THAT(errors,
              testing::HasSubstr("9:1 unknown key \"colour\" in [[listener]] | allowed: name,"));
  EXPECT_THAT(errors,
              testing::HasSubstr("11:22 there is no listener \"frnt\" | did you mean \"front\"?"));
  EXPECT_THAT(errors, testing::HasSubstr(
                          "12:15 probability: a percentage that is a number must be from 0 to 1"));
  EXPECT_THAT(errors, testing::HasSubstr("13:37 delay: \"300\" has no unit"));
  EXPECT_THAT(errors,
              testing::HasSubstr(
                  "13:44 unknown key \"jiter\" in fault \"latency\" | did you mean \"jitter\"?"));
}

TEST(LoadToml, ReportsEachKindOfError) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[[rule]]\nfault = { type = \"latency\", delay = 300 }",
       "delay: expected a duration, found a whole number"},
      {"[[rule]]\nfault = { type = \"latency\", delay = \"-3ms\" }", "\"-3ms\" is negative"},
      {"[[rule]]\nfault = { type = \"connect_delay\", delay = \"1ms\", jitter = \"2ms\" }",
       "jitter 2ms is larger than delay 1ms"},
      {"[[rule]]\nfault = { type = \"latency\" }", "fault \"latency\" needs \"delay\""},
      {"[[rule]]\nfault = { type = \"reorder\" }", "a stream cannot have the fault \"reorder\""},
      {"[[rule]]\nfault = { type = \"duplicate\" }",
       "a stream cannot have the fault \"duplicate\""},
      {"[[rule]]\nfault = { type = \"latancy\", delay = \"1ms\" }", "did you mean \"latency\"?"},
      {"[[rule]]\nfault = { type = \"throttle\", rate = \"1 KB/s\" }",
       "unknown fault \"throttle\" | Brownout calls it \"bandwidth\""},
      {"[[rule]]\nfault = { type = \"delay\", delay = \"1ms\" }",
       "a stream cannot have the fault \"delay\""},
      {"[[rule]]\nfault = { delay = \"1ms\" }", "fault needs \"type\""},
      {"[[rule]]\nname = \"x\"", "[[rule]] needs \"fault\""},
      {"[[rule]]\npreset = \"3g\"\nfault = { type = \"refuse\" }", "both preset and fault"},
      {"[[rule]]\npreset = \"3gg\"", "unknown preset \"3gg\" | did you mean \"3g\"?"},
      {"[[rule]]\nname = \"a\"\npreset = \"3g\"\n[[rule]]\nname = \"a\"\npreset = \"3g\"",
       "there is already a rule \"a\""},
      {"[[upstream]]\nname = \"brokers\"\nservers = \"a:1\"",
       "there is already an upstream \"brokers\""},
      {"[[listener]]\nname = \"b\"\nlisten = \"127.0.0.1:1884\"\nupstream = \"brokers\"",
       "two listeners listen on"},
      {"[[listener]]\nname = \"b\"\nprotocol = \"tpc\"\nlisten = \"127.0.0.1:1\"\nupstream = "
       "\"brokers\"",
       "unknown value \"tpc\" | did you mean \"tcp\"?"},
      {"[[rule]]\nper = \"chunk\"\nfault = { type = \"slow_close\", delay = \"1s\" }",
       "does not support per = \"chunk\""},
      {"[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"latency\", delay = "
       "\"1s\", round_trip = true }",
       "round_trip = true needs a rule in both directions"},
      {"[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"refuse\" }",
       "acts before any data flows, so it has no direction"},
      {"[[rule]]\nmatch = { client = \"10.0.0.0/8\" }\nfault = { type = \"down\" }",
       "fault \"down\" cannot act on selected connections only"},
      {"[[rule]]\nprobability = \"5%\"\nfault = { type = \"down\" }",
       "fault \"down\" does not support probability"},
      {"[[rule]]\nramp = \"2m\"\nduration = \"1m\"\nfault = { type = \"refuse\" }",
       "ramp is longer than duration"},
      {"[[rule]]\nmatch = { client = [] }\nfault = { type = \"refuse\" }",
       "client: the list is empty"},
      {"[[rule]]\nmatch = { client = [\"10.0.0.0/8\", \"10.0.0.1/8\"] }\nfault = { type = "
       "\"refuse\" }",
       "2:35"},
      {"[[rule]]\nmatch = { database = -1 }\nfault = { type = \"drop\" }",
       "database: -1 is out of range"},
      {"[[rule]]\nmatch = { first = 0 }\nfault = { type = \"refuse\" }",
       "first: 0 is out of range"},
      {"[[rule]]\nfault = { type = \"slicer\", size = \"0 B\" }", "size: 0 B is out of range"},
      {"[[rule]]\nfault = { type = \"slicer\", size = \"5 B\", variation = \"6 B\" }",
       "variation 6 B is more than size 5 B"},
      {"[[rule]]\nfault = { type = \"loss\" }", "needs \"loss\", \"p\" or \"p13\""},
      {"[[rule]]\nfault = { type = \"loss\", p31 = \"1%\" }", "need p13"},
      {"[[rule]]\nfault = { type = \"loss\", loss = \"1%\", p13 = \"1%\" }",
       "exclude loss and the Gilbert-Elliott keys"},
      {"[[rule]]\nfault = { type = \"loss\", p = \"1%\", r = \"9%\", p23 = \"1%\" }",
       "exclude loss and the Gilbert-Elliott keys"},
      {"[[rule]]\nfault = { type = \"loss\", p13 = \"60%\", p14 = \"50%\" }",
       "p13 and p14 are more than 100% together"},
      {"[[rule]]\nfault = { type = \"loss\", p13 = \"10%\", p32 = \"20%\" }",
       "p31 (100% - p13 if left out) and p32 are more than 100% together"},
      {"[[rule]]\nfault = { type = \"loss\", p13 = \"10%\", correlation = \"20%\" }",
       "correlation needs loss"},
      {"[[rule]]\nfault = { type = \"loss\", loss = \"1%\", rtt = \"0s\" }", "out of range"},
      {"[[rule]]\nfault = { type = \"loss\", loss = \"1%\", p = \"1%\", r = \"5%\" }",
       "exclude each other"},
      {"[[rule]]\nfault = { type = \"loss\", p = \"1%\" }",
       "p needs r, the probability that a bad period ends"},
      {"[[rule]]\nduration = \"0s\"\nfault = { type = \"refuse\" }",
       "duration: 0s is out of range"},
      {"[[rule]]\nstart = 1979-05-27\nfault = { type = \"refuse\" }",
       "start: expected a duration, found nothing"},
  };
  for (const auto& [text, expected] : cases) {
    auto errors = errors_with(text);
    // Line numbers in the cases count from the first line of the rule.
    const auto lines = std::count(kHead.begin(), kHead.end(), '\n');
    if (expected == "2:35")
      errors += errors.starts_with(std::to_string(lines + 2) + ":35") ? "2:35" : "";
    EXPECT_THAT(errors, testing::HasSubstr(expected)) << text;
  }
}

TEST(LoadToml, ReportsEveryWrongElementOfAList) {
  EXPECT_THAT(
      errors_of("[[upstream]]\nname = \"a\"\nservers = [\"x\", \"127.0.0.1:1\", 5]\n"
                "[[upstream]]\nname = \"b\"\nservers = []\n"
                "[[listener]]\nlisten = \"127.0.0.1:2\"\nupstream = [\"y\", \"z\"]\n"),
      testing::AllOf(testing::HasSubstr("3:12 servers: \"x\" has no port"),
                     testing::HasSubstr("3:32 servers: expected an address"),
                     testing::HasSubstr("6:11 servers: the list is empty | write at least one"),
                     testing::Not(testing::HasSubstr("leave the key out")),
                     testing::HasSubstr("9:13 upstream: \"y\""),
                     testing::HasSubstr("9:18 upstream: \"z\"")));
}

TEST(LoadToml, ASyntaxErrorHasAPosition) {
  EXPECT_THAT(errors_of("version = 1\nlistener = [["), testing::StartsWith("2:"));
  EXPECT_THAT(errors_of("version = 2"), testing::HasSubstr("version: 2 is out of range"));
  EXPECT_THAT(errors_of("rule = 3\n" + std::string(kHead)),
              testing::HasSubstr("expected [[rule]], found a whole number"));
  EXPECT_THAT(errors_of(""), testing::HasSubstr("the file needs \"listener\""));
}

TEST(LoadToml, AFileForExecIsOneMistakeOutsideIt) {
  const auto errors = errors_of(R"(version = 1
[[rule]]
match = { host = "a.test", port = 80 }
fault = { type = "unreachable" }
[[rule]]
match = { listener = "tls", path = "/x" }
fault = { type = "abort", status = 503 }
[[rule]]
match = { qname = "a.test" }
preset = "3g"
)");
  EXPECT_EQ(errors,
            "1:1 the file needs \"listener\" | listener (list of tables): the addresses that "
            "clients connect to; a file for `brownout exec` needs none, and `check` and `explain` "
            "read such a file with --exec\n");
}

TEST(LoadToml, FiveLinesAreARuleFile) {
  const auto config = load_toml(R"([[listener]]
listen = "127.0.0.1:5433"
upstream = "127.0.0.1:5432"
[[rule]]
fault = { type = "latency", delay = "300ms" })");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listeners.at(0).name, "tcp-5433");
  EXPECT_EQ(config->listeners.at(0).upstream, "127.0.0.1:5432");
  ASSERT_EQ(config->upstreams.size(), 1U);
  EXPECT_EQ(config->upstreams[0].name, "127.0.0.1:5432");
  EXPECT_EQ(to_text(config->upstreams[0].servers.at(0)), "127.0.0.1:5432");
  EXPECT_EQ(config->rules.at(0).name, "latency");
}

TEST(LoadToml, AListenerMayNameItsServersItself) {
  const auto config = load_toml(R"([[upstream]]
name = "named"
servers = ["127.0.0.1:1"]
[[listener]]
listen = "127.0.0.1:5433"
upstream = ["127.0.0.1:5432", "db.example:5432"]
[[listener]]
listen = "127.0.0.2:5433"
upstream = ["127.0.0.1:5432", "db.example:5432"]
[[listener]]
listen = "unix:/run/a.sock"
upstream = "named")");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->upstreams.size(), 2U);  // two listeners use the same upstream
  EXPECT_EQ(config->upstreams[1].servers.size(), 2U);
  EXPECT_EQ(config->listeners.at(0).upstream, config->listeners.at(1).upstream);
  EXPECT_EQ(config->listeners.at(1).name, "tcp-5433-2");
  EXPECT_EQ(config->listeners.at(2).name, "tcp-a.sock");
  const auto with_upstream = [](const std::string& upstream) {
    return errors_of("[[listener]]\nlisten = \"127.0.0.1:1\"\nupstream = " + upstream);
  };
  EXPECT_THAT(with_upstream(R"("nobody")"), testing::HasSubstr("3:12 there is no upstream"));
  EXPECT_THAT(with_upstream(R"("127.0.0.1:99999")"),
              testing::HasSubstr("has no port from 0 to 65535"));
  EXPECT_THAT(with_upstream(R"(["127.0.0.1:2", "nobody"])"),
              testing::HasSubstr("3:28 upstream: \"nobody\" has no port"));
  EXPECT_THAT(with_upstream("7"), testing::HasSubstr("3:12 upstream: expected a string"));
  EXPECT_THAT(errors_of("[[listener]]\nlisten = \"127.0.0.1:1\""),
              testing::HasSubstr("an address, e.g. \"127.0.0.1:5432\""));
}

TEST(LoadToml, AListenerDoesNotForwardToItself) {
  const auto errors = [](const std::string& listen, const std::string& upstream) {
    return errors_of("[[listener]]\nlisten = \"" + listen + "\"\nupstream = \"" + upstream + "\"");
  };
  for (const auto& [listen, upstream] :
       {std::pair{"127.0.0.1:8001", "127.0.0.1:8001"}, std::pair{":8001", "127.0.0.1:8001"},
        std::pair{"127.0.0.1:8001", "localhost:8001"},
        std::pair{"localhost:8001", "localhost:8001"}, std::pair{"unix:/run/a", "unix:/run/a"}}) {
    EXPECT_THAT(errors(listen, upstream), testing::HasSubstr("the listener forwards to itself"))
        << listen << " " << upstream;
  }
  EXPECT_EQ(errors("127.0.0.1:8001", "127.0.0.2:8001"), "");
  EXPECT_EQ(errors(":8001", "db.example:8001"), "");
}

TEST(LoadToml, ARepetitionIsLongerThanItsDuration) {
  const std::string fault = "fault = { type = \"refuse\" }\n";
  EXPECT_EQ(errors_with("[[rule]]\nduration = \"10s\"\nrepeat = \"1m\"\n" + fault), "");
  EXPECT_THAT(errors_with("[[rule]]\nrepeat = \"1m\"\n" + fault),
              testing::HasSubstr("repeat has no effect without duration"));
  EXPECT_THAT(errors_with("[[rule]]\nduration = \"1m\"\nrepeat = \"1m\"\n" + fault),
              testing::HasSubstr("repeat must be longer than duration"));
}

TEST(LoadToml, ChecksTheWindowsOfARule) {
  const std::string fault = "fault = { type = \"refuse\" }\n";
  const auto problems = [&](const std::string& keys) {
    return errors_with("[[rule]]\n" + keys + "\n" + fault);
  };
  EXPECT_EQ(problems("windows = [\"0s-10s\", \"10s-20s\", \"1m-1h\"]"), "");
  EXPECT_THAT(problems("windows = []"), testing::HasSubstr("windows is empty"));
  EXPECT_THAT(problems("windows = \"10s\""), testing::HasSubstr("\"10s\" is not a period"));
  EXPECT_THAT(problems("windows = \"a-b\""), testing::HasSubstr("\"a-b\" is not a period"));
  EXPECT_THAT(problems("windows = \"20s-10s\""), testing::HasSubstr("ends before it begins"));
  EXPECT_THAT(problems("windows = [\"10s-20s\", \"15s-30s\"]"),
              testing::HasSubstr("a window begins before the end of the previous window"));
  EXPECT_THAT(problems("duration = \"1s\"\nwindows = \"10s-20s\""),
              testing::HasSubstr("windows excludes duration"));
  EXPECT_THAT(problems("ramp = \"20s\"\nwindows = \"10s-20s\""),
              testing::HasSubstr("ramp is longer than a window"));
  EXPECT_THAT(errors_with("[[rule]]\nwindows = \"10s-20s\"\nfault = { type = \"no_established\" }"),
              testing::HasSubstr("a fault of a firewall does not support windows"));
}

TEST(LoadToml, EveryExampleLoads) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_root() + "/examples/rules")) {
    EXPECT_EQ(errors_of(test::read_file(entry.path())), "") << entry.path();
    ++count;
  }
  EXPECT_GT(count, 15);
}

TEST(LoadToml, EveryPresetExpandsToRulesThatShareRandomDraws) {
  for (const auto& preset : all_presets()) {
    const auto config = load_toml(std::string(kHead) +
                                  "[[rule]]\nname = \"net\"\nprobability = \"50%\"\npreset = \"" +
                                  std::string(preset.name) + "\"");
    ASSERT_TRUE(config) << preset.name;
    EXPECT_EQ(config->rules.size(), expand(preset, {}).size()) << preset.name;
    for (const auto& rule : config->rules) {
      EXPECT_EQ(rule.dice_key, config->rules[0].dice_key);
      EXPECT_THAT(rule.figure, testing::HasSubstr(" by preset " + std::string(preset.name) + " ("));
    }
    for (std::size_t i = 1; i < config->rules.size(); ++i)
      EXPECT_NE(config->rules[i].stage_key, config->rules[0].stage_key);
  }
}

TEST(LoadToml, PresetsHaveTheFiguresOfTheirSources) {
  const auto parts = [](std::string_view name) {
    std::string text;
    for (const auto& part : expand(*find_preset(name), {}))
      text += part.suffix + " " + part.figure.substr(0, part.figure.find(" by preset")) + "\n";
    return text;
  };
  EXPECT_EQ(parts("nlc-edge"),
            "/upload-latency 440ms later upstream\n/download-latency 400ms later downstream\n"
            "/upload 200 kbit/s upstream\n/download 240 kbit/s downstream\n");
  EXPECT_EQ(parts("nlc-wifi"),
            "/latency 2ms more of round trip\n/upload 33 Mbit/s upstream\n"
            "/download 40 Mbit/s downstream\n");
  EXPECT_EQ(parts("charles-modem"),
            "/latency 250ms more of round trip\n/upload 23.52 kbit/s upstream\n"
            "/download 40.32 kbit/s downstream\n");
  EXPECT_EQ(parts("nlc-100-loss"), "/loss 100% of packets lost\n");
  EXPECT_EQ(parts("nlc-high-latency-dns"), "/dns-latency 3s later DNS answers\n");
  EXPECT_EQ(parts("chrome-offline"), "/outage no network\n");
  EXPECT_EQ(parts("comcast-dsl"),
            "/latency 40ms more of round trip\n/upload 8 Mbit/s upstream\n"
            "/download 8 Mbit/s downstream\n/loss 0.5% of packets lost\n");
}

TEST(LoadToml, APresetOfDnsActsOnQueriesAlone) {
  const auto config =
      load_toml(std::string(kHead) + "[[rule]]\nname = \"net\"\npreset = \"nlc-high-latency-dns\"");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->rules[0].match.is_for_dns());
  FlowFacts query;
  query.listener = "a";
  query.carrier = Carrier::kDns;
  query.dns.question = DnsQuestion{.name = "example.org"};
  EXPECT_TRUE(config->rules[0].match.matches(query));
  query.carrier = Carrier::kStream;
  query.dns = {};
  EXPECT_FALSE(config->rules[0].match.matches(query));
}

TEST(LoadToml, UnnamedRulesGetUniqueNames) {
  const auto config =
      load_toml(std::string(kHead) +
                "[[rule]]\nfault = { type = \"refuse\" }\n[[rule]]\nfault = { type = \"refuse\" }");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->rules[0].name, "refuse");
  EXPECT_EQ(config->rules[1].name, "refuse-2");
}

TEST(Diagnostics, ALongLineIsQuotedAroundTheError) {
  const auto quoted = [](const std::string& line, unsigned column) {
    Diagnostics found;
    found.add({1, column}, "no");
    return render(found, "x.toml", line);
  };
  const std::string before(5000, 'a');
  const auto text = quoted(before + "X" + std::string(5000, 'b'), 5001);
  EXPECT_LT(text.size(), 400U);
  const auto caret = text.find('^');
  ASSERT_NE(caret, std::string::npos);
  const auto line = text.rfind('\n', caret);
  EXPECT_EQ(text[text.rfind('\n', line - 1) + (caret - line)], 'X');
  // Bytes that are invalid UTF-8.
  for (const unsigned column : {1U, 81U, 120U, 161U, 200U, 400U}) {
    EXPECT_LT(quoted(std::string(200, '\x88'), column).size(), 800U) << column;
  }
}

TEST(Diagnostics, AreRenderedWithTheLineAndACaret) {
  Diagnostics found;
  found.add({2, 5}, "unknown key \"b\"", "did you mean \"a\"?");
  EXPECT_EQ(render(found, "x.toml", "one\nkey b\n"),
            "x.toml:2:5: error: unknown key \"b\"\n    2 | key b\n      |     ^\n     = did you "
            "mean \"a\"?\n");
}

}  // namespace
}  // namespace brownout::rules
