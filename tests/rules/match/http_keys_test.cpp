// Tests the keys of `match` that are about HTTP requests and responses, and the port of a client.
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

std::string keyed_rule(const std::string& match,
                       const std::string& fault = "\"abort\", status = 418") {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = " + fault + " }";
}

TEST(HttpKeys, QueryAsATableIsParameters) {
  HttpLab lab(keyed_rule(R"(query = { page = "1", name = "Jo*" })"));
  EXPECT_EQ(lab.get("/?page=1&name=Joe"), "418");
  EXPECT_EQ(lab.get("/?name=J%6Fe&x=2&page=1"), "418") << "any order, decoded";
  EXPECT_EQ(lab.get("/?page=10&name=Joe"), "200 hello");
  EXPECT_EQ(lab.get("/?page=1"), "200 hello") << "all of them";
  EXPECT_EQ(lab.get("/"), "200 hello");
}

TEST(HttpKeys, QueryAsAPatternIsTheWholeQuery) {
  HttpLab lab(keyed_rule(R"(query = ["a=1", "b=*"])"));
  EXPECT_EQ(lab.get("/?a=1"), "418");
  EXPECT_EQ(lab.get("/?b=2&c=3"), "418");
  EXPECT_EQ(lab.get("/?a=1&c=3"), "200 hello");
}

TEST(HttpKeys, AHeaderOfSeveralLinesMatchesByAnyOfThem) {
  HttpLab lab(keyed_rule(R"(header = { x-tag = "b" })"));
  EXPECT_EQ(lab.ask("GET", "/", "X-Tag: a\r\nx-tag: b\r\n"), "418");
  EXPECT_EQ(lab.ask("GET", "/", "X-Tag: a\r\n"), "200 hello");
}

TEST(HttpKeys, ResponseHeaderSelectsResponses) {
  HttpLab lab(
      keyed_rule(R"(response_header = { x-cache = "HIT*" })", R"("replace_body", body = "stale")"));
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reply = "HTTP/1.1 200 OK\r\nX-Cache: HIT from a\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(lab.get("/"), "200 stale");
  EXPECT_EQ(lab.to_server_bytes().find("stale"), std::string::npos);
}

TEST(HttpKeys, ResponseHeaderGoesTogetherWithStatusAndContentType) {
  HttpLab lab(
      keyed_rule(R"(status = "2xx", response_header = { x-a = "1" }, content_type = "text/*")",
                 R"("replace_body", body = "new")"));
  const auto reply = [&](const std::string& type, const std::string& header) {
    lab.reply = "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n" + header +
                "Content-Length: 5\r\n\r\nhello";
    return lab.get("/");
  };
  EXPECT_EQ(reply("text/plain", "X-A: 1\r\n"), "200 new");
  EXPECT_EQ(reply("image/png", "X-A: 1\r\n"), "200 hello");
  EXPECT_EQ(reply("text/plain", "X-A: 2\r\n"), "200 hello");
}

TEST(HttpKeys, ResponseHeaderSaysWhereItDoesNotFit) {
  EXPECT_EQ(first_problem_of(keyed_rule("response_header = { x-a = \"*\" }"), "http"),
            "fault \"abort\" acts before the response exists");
  EXPECT_EQ(
      first_problem_of(
          keyed_rule("response_header = { x-a = \"*\" }, direction = \"upstream\"", "\"drop\""),
          "http"),
      "only responses have a response_header, and they go downstream");
  EXPECT_EQ(first_problem_of(keyed_rule("query = {}"), "http"),
            "query is empty, so it selects nothing");
  EXPECT_EQ(first_problem_of(keyed_rule("method = [\"GET\", \"post\"]"), "http"),
            "method \"post\" matches no request");
  EXPECT_EQ(first_problem_of(keyed_rule("method = [\"GET\", \"purge\"]"), "http"), "");
  EXPECT_EQ(first_problem_of(keyed_rule("query = { page = 1 }"), "http"),
            "query: expected a pattern, found a whole number");
}

TEST(SourcePort, IsThePortOfTheClient) {
  const auto set = rules::RuleSet::activate(
      config_of(keyed_rule("source_port = [5000, \"40000-40999\"]", "\"refuse\"")).rules, 1,
      Instant{});
  const auto refused = [&](std::uint16_t port) {
    auto flow = flow_of();
    flow.client_port = port;
    return !rules::plan_arrival(*set, flow).notes.empty();
  };
  EXPECT_TRUE(refused(5000));
  EXPECT_TRUE(refused(40999));
  EXPECT_FALSE(refused(41000));
  EXPECT_FALSE(refused(0)) << "a unix socket has no port";
}

}  // namespace
}  // namespace brownout::test
