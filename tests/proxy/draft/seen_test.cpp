#include "proxy/draft/seen.h"

#include <gmock/gmock.h>

#include "tests/support/draft_checks.h"

namespace brownout::draft {
namespace {

using test::text_or_error;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string flow(const std::string& listener, const std::string& destination,
                 const std::string& more = "") {
  return R"({"listener":")" + listener +
         R"(","flow":1,"protocol":"tcp","client":"10.0.0.9:5000",)" + R"("destination":")" +
         destination + "\"" + more + "}\n";
}

std::string from_flows(const std::string& text) {
  const auto seen = read_seen(text);
  return seen ? text_or_error(draft_of_flows(*seen)) : "error: " + describe(seen.error());
}
std::string from_command(const std::string& text) {
  const auto seen = read_seen(text);
  return seen ? text_or_error(draft_of_command(*seen, "my tests")) : "error";
}

TEST(SeenFlows, BecomeListenersBeforeTheirServers) {
  const auto text = from_flows(flow("chat", "192.0.2.1:1883") + flow("chat", "192.0.2.2:1883") +
                               flow("chat", "192.0.2.1:1883") + flow("web", "192.0.2.3:8080"));
  EXPECT_THAT(text,
              HasSubstr("# 3 flows seen to port 1883; mqtt is guessed from the port or from"));
  EXPECT_THAT(text, HasSubstr("name = \"chat\"\nprotocol = \"mqtt\""));
  EXPECT_THAT(text, HasSubstr("listen = \"127.0.0.1:11883\""));
  EXPECT_THAT(text, HasSubstr("upstream = [\"192.0.2.1:1883\", \"192.0.2.2:1883\"]"));
  EXPECT_THAT(text, HasSubstr("protocol = \"http\""));
  EXPECT_THAT(text, HasSubstr("#match = { listener = \"web\" }"));
  EXPECT_TRUE(rules::load_toml(text)->rules.empty());
}

TEST(SeenFlows, WithHostNamesBecomeAListenerForEachHost) {
  const auto text =
      from_flows(flow("tls", "192.0.2.1:443", R"(,"names":["a.example"])") +
                 flow("tls", "192.0.2.2:443", R"(,"names":["b.example", "other.example"])"));
  EXPECT_THAT(text, HasSubstr("upstream = \"a.example:443\""));
  EXPECT_THAT(text, HasSubstr("upstream = \"b.example:443\""));
}

TEST(SeenFlows, OfACommandBecomeListenersThatIntercept) {
  const auto text = from_command(flow("tls", "192.0.2.1:443", R"(,"names":["a.example"])") +
                                 flow("tcp", "[2001:db8::1]:5432") +
                                 R"({"protocol":"udp","destination":"192.0.2.9:9000"})");
  EXPECT_THAT(text, HasSubstr("name = \"tls\"\nprotocol = \"tls\""));
  EXPECT_THAT(text, HasSubstr("intercept = \"redirect\"\nports = [443]"));
  EXPECT_THAT(text, HasSubstr("#match = { listener = \"tls\", host = \"a.example\" }"));
  EXPECT_THAT(text, HasSubstr("destination = \"2001:db8::1\""));
  EXPECT_THAT(text, HasSubstr("#match = { qname = \"a.example\" }"));
  EXPECT_THAT(text, HasSubstr("name = \"udp-9000\""));
  EXPECT_THAT(text, HasSubstr("brownout exec FILE -- 'my tests' and its arguments"));
}

TEST(SeenFlows, LearnTheProtocolFromEvents) {
  const auto text = from_flows(
      R"({"time":"t","rule":"r","fault":"abort","listener":"api","flow":1,"method":"GET"})"
      "\n" +
      flow("api", "192.0.2.1:9999") + R"({"time":"t","event":"lost","lines":3})");
  EXPECT_THAT(text, HasSubstr("name = \"api\"\nprotocol = \"http\""));
}

TEST(SeenFlows, WithStrangeNamesAreStillAValidFile) {
  const auto text =
      from_flows(flow("a\\\"b\\n#]]", "192.0.2.1:80") + flow("a\\\"b\\n#]]", "192.0.2.1:81") +
                 flow("x", "192.0.2.1:82", R"(,"names":["*.]\n[[rule]]"])") +
                 R"({"destination":"192.0.2.1:1"})");
  EXPECT_THAT(text, Not(StartsWith("error")));
  EXPECT_THAT(from_command(flow("x", "192.0.2.1:82", R"(,"names":["*.]\n[[rule]]"])")),
              Not(StartsWith("error")));
}

TEST(SeenFlows, AreBounded) {
  std::string text;
  for (int i = 0; i < 70; ++i) {
    for (int host = 0; host < 20; ++host) {
      text += flow("l", "192.0.2." + std::to_string(host) + ":" + std::to_string(1000 + i));
    }
  }
  const auto made = from_flows(text);
  EXPECT_THAT(made, HasSubstr("# Left out: 376 flows to further servers."));
}

TEST(SeenFlows, SayWhichLineIsNone) {
  EXPECT_THAT(from_flows(flow("a", "192.0.2.1:80") + "\nhello\n"),
              StartsWith("error: line 3: the line is not a JSON object (e.g. {"));
  EXPECT_THAT(from_flows("{}"), HasSubstr("line 1: the flow has neither client nor destination"));
  EXPECT_THAT(from_flows(flow("a", "somewhere")),
              HasSubstr("client or destination is not an address with a port"));
  EXPECT_THAT(from_flows(R"({"listener":"a","flow":1,"rule":"r","action":"delay"})"),
              StartsWith("error: no line of the file names a server (record flows with"));
  EXPECT_THAT(from_flows(""), StartsWith("error: no line of the file names a server"));
}

}  // namespace
}  // namespace brownout::draft
