// Tests the key `not` of `match`: all but what has the properties in it.
#include <gtest/gtest.h>

#include "rules/language/explain.h"
#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

std::string excepting(const std::string& match,
                      const std::string& fault = "\"abort\", status = 418") {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = " + fault + " }";
}

TEST(Not, ExcludesRequestsThatHaveAllItsProperties) {
  HttpLab lab(excepting(R"(not = { path = ["/health", "/metrics*"], method = "GET" })"));
  EXPECT_EQ(lab.get("/login"), "418");
  EXPECT_EQ(lab.get("/health"), "200 hello");
  EXPECT_EQ(lab.get("/metrics/1"), "200 hello");
  EXPECT_EQ(lab.ask("POST", "/health"), "418") << "only one of the two properties";
}

TEST(Not, NarrowsWhatTheOtherKeysSelect) {
  HttpLab lab(excepting(R"(path = "/api/*", not = { header = { x-test = "1" } })"));
  EXPECT_EQ(lab.get("/api/a"), "418");
  EXPECT_EQ(lab.ask("GET", "/api/a", "X-Test: 1\r\n"), "200 hello");
  EXPECT_EQ(lab.get("/other"), "200 hello");
}

TEST(Not, WithAnyValueMeansAnAbsentHeaderOrParameter) {
  HttpLab header(excepting(R"(not = { header = { authorization = "*" } })"));
  EXPECT_EQ(header.get("/"), "418");
  EXPECT_EQ(header.ask("GET", "/", "Authorization: Basic x\r\n"), "200 hello");
  HttpLab query(excepting(R"(not = { query = { page = "*" } })"));
  EXPECT_EQ(query.get("/?x=1"), "418");
  EXPECT_EQ(query.get("/?page="), "200 hello");
}

TEST(Not, AsAListExcludesWhatAnyOfItsTablesMeans) {
  HttpLab lab(
      excepting(R"(not = [{ path = "/health" }, { method = "POST", query = { dry = "1" } }])"));
  EXPECT_EQ(lab.get("/a"), "418");
  EXPECT_EQ(lab.get("/health"), "200 hello");
  EXPECT_EQ(lab.ask("POST", "/a?dry=1"), "200 hello");
  EXPECT_EQ(lab.ask("POST", "/a"), "418");
}

TEST(Not, OfAStatusActsOnOtherResponses) {
  HttpLab lab(excepting(R"(not = { status = "2xx" })", R"("replace_body", body = "other")"));
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reply = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(lab.get("/"), "404 other");
  EXPECT_EQ(lab.to_server_bytes().find("other"), std::string::npos) << "requests stay";
}

TEST(Not, OfAContentTypeMeansTheResponseIfTheRuleIsForResponses) {
  HttpLab lab(excepting(R"(status = 200, not = { content_type = "text/*" })",
                        R"("replace_body", body = "other")"));
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(lab.get("/"), "200 other");
}

// Whether a connection is refused, when it arrives or when its server is dialled.
std::string outcome_of_except(const std::string& match, const rules::FlowFacts& flow) {
  const auto set = rules::RuleSet::activate(config_of(excepting(match, "\"refuse\"")).rules, 1, {});
  auto arriving = flow;
  arriving.destination.reset();
  arriving.destination_port = 0;
  const auto early = rules::plan_arrival(*set, arriving).notes.size();
  const auto late = rules::plan_dial(*set, flow, {}).notes.size();
  return early + late == 2 ? "twice" : early == 1 ? "at once" : late == 1 ? "on the dial" : "no";
}

TEST(Not, KnowsTheKeysOfConnections) {
  auto flow = flow_of();
  flow.client_port = 5000;
  EXPECT_EQ(outcome_of_except("not = { client = \"10.0.0.0/8\" }", flow), "no");
  EXPECT_EQ(outcome_of_except("not = { client = \"192.168.0.0/16\" }", flow), "at once");
  EXPECT_EQ(outcome_of_except("not = { source_port = 5000 }", flow), "no");
  EXPECT_EQ(outcome_of_except("not = { source_port = 5001 }", flow), "at once");
  EXPECT_EQ(outcome_of_except("not = { listener = \"chat\" }", flow), "no");
  EXPECT_EQ(outcome_of_except("not = { listener = \"chat\", client = \"192.168.0.0/16\" }", flow),
            "at once");
}

TEST(Not, OfAServerWaitsUntilTheServerIsKnown) {
  auto flow = flow_of();
  flow.destination = rules::IpAddress::parse("192.0.2.1");
  flow.destination_port = 53;
  EXPECT_EQ(outcome_of_except("not = { port = [53, 443] }", flow), "no");
  EXPECT_EQ(outcome_of_except("not = { destination = \"192.0.2.0/24\" }", flow), "no");
  EXPECT_EQ(outcome_of_except("not = { destination = \"198.51.100.0/24\" }", flow), "on the dial");
  flow.destination_port = 80;
  EXPECT_EQ(outcome_of_except("not = { port = [53, 443] }", flow), "on the dial");
}

TEST(Not, OfAHost) {
  HttpLab lab(excepting(R"(not = { host = ["a.example", ".safe.example"] })"));
  EXPECT_EQ(lab.get("http://b.example/"), "418");
  EXPECT_EQ(lab.get("http://a.example:8080/"), "200 hello");
  EXPECT_EQ(lab.get("http://x.safe.example/"), "200 hello");
}

TEST(Not, ExcludesMessages) {
  MessageLab lab("nats", excepting(R"(not = { subject = "orders.>" })", "\"drop\""));
  lab.from_client("PUB orders.eu 2\r\nhi\r\nPUB news 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_server(), "PUB orders.eu 2\r\nhi\r\n");
}

TEST(Not, OfMessagesKnowsTheirConnection) {
  const auto dropped = [](const std::string& network) {
    MessageLab lab("nats", excepting("subject = \"*\", not = { text = \"keep*\", client = \"" +
                                         network + "\" }",
                                     "\"drop\""));
    lab.from_client("PUB a 4\r\nkeep\r\nPUB a 4\r\nlose\r\n");
    return lab.at_server();
  };
  EXPECT_EQ(dropped("0.0.0.0/0"), "PUB a 4\r\nkeep\r\n");
  EXPECT_EQ(dropped("203.0.113.0/24"), "") << "the connection lacks a property";
}

TEST(Not, OfDnsNames) {
  auto flow = flow_of(1, "10.1.2.3", rules::Carrier::kDns);
  const auto set = rules::RuleSet::activate(
      config_of(excepting("not = { qname = \".example.org\" }", "\"nxdomain\""), "dns").rules, 1,
      {});
  const auto matches = [&](const std::string& name) {
    flow.dns.question = rules::DnsQuestion{name, {}, 1};
    return set->rules()[0]->match.matches(flow);
  };
  EXPECT_FALSE(matches("www.example.org"));
  EXPECT_TRUE(matches("www.example.net"));
}

TEST(Not, SaysWhatDoesNotFitInIt) {
  const auto problem = [](const std::string& inner, const std::string& protocol = "http") {
    return first_problem_of(excepting("not = " + inner), protocol);
  };
  EXPECT_EQ(problem("{ path = \"/a\", not = { path = \"/b\" } }"), "\"not\" cannot be inside not");
  EXPECT_EQ(problem("{ first = 1 }"), "\"first\" cannot be inside not");
  EXPECT_EQ(problem("{ direction = \"upstream\" }"), "\"direction\" cannot be inside not");
  EXPECT_EQ(problem("{}"), "not is empty, so it would exclude everything");
  EXPECT_EQ(problem("{ header = {} }"), "header is empty, so it selects nothing");
  EXPECT_EQ(problem("{ query = {} }"), "query is empty, so it selects nothing");
  EXPECT_EQ(problem("[]"), "not is empty, so it would exclude everything");
  EXPECT_EQ(problem("[{ path = \"/a\" }, { once = true }]"), "\"once\" cannot be inside not");
  EXPECT_EQ(problem("[{ path = \"/a\" }, \"/b\"]"), "not: expected a table, found a string");
  EXPECT_EQ(problem("\"/a\""), "not: expected a table, found a string");
  EXPECT_EQ(problem("{ listener = \"chta\" }"), "there is no listener \"chta\"");
  EXPECT_EQ(problem("{ pth = \"/a\" }"), "unknown key \"pth\" in not");
}

TEST(Not, IsCheckedLikeTheMatchItself) {
  EXPECT_EQ(first_problem_of(excepting("not = { path = \"/a\" }", "\"refuse\""), "http"),
            "fault \"refuse\" does not act on HTTP requests");
  EXPECT_EQ(
      first_problem_of(excepting("not = { path = \"/a\" }", "\"delay\", delay = \"1s\""), "nats"),
      "no listener that the rule matches has HTTP requests");
  EXPECT_EQ(first_problem_of(excepting("not = { status = 200 }"), "http"),
            "fault \"abort\" acts before the response exists");
  EXPECT_EQ(first_problem_of(excepting("not = { host = \"a\" }", "\"refuse\"")),
            "no listener that the rule matches gets host names from its clients");
  EXPECT_EQ(first_problem_of(excepting("not = { client = \"10.0.0.0/8\" }", "\"down\"")),
            "fault \"down\" cannot act on selected connections only");
  EXPECT_EQ(first_problem_of(excepting("not = { listener = \"chat\" }", "\"down\"")), "");
}

TEST(Not, IsNamedByExplain) {
  const auto get = [](const std::string& path) {
    rules::HttpHead head;
    head.method = "GET";
    head.target = path;
    return rules::HttpExchange::of(std::move(head));
  };
  const auto config = config_of(excepting(R"(not = { path = "/health", method = "GET" })"), "http");
  auto exchange = get("/health");
  rules::Question question{.flow = flow_of(1), .message = {}, .payload = {}, .seed = 1};
  question.flow.carrier = rules::Carrier::kHttp;
  question.flow.http = &exchange;
  EXPECT_EQ(rules::explain(config, question).front().why,
            "its `not` excludes this method and path");
  exchange = get("/a");
  EXPECT_EQ(rules::explain(config, question).front().why, "it acts on the request");
}

}  // namespace
}  // namespace brownout::test
