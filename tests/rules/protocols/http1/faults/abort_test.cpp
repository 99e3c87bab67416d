#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "rules/language/warnings.h"
#include "tests/support/http_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(Abort, AnswersWithoutTheServer) {
  HttpLab lab(R"([[rule]]
match = { method = "POST", path = "/v1/*" }
fault = { type = "abort", status = 429, headers = { retry-after = 5 }, body = "slow down" })");
  EXPECT_EQ(lab.ask("POST", "/v1/messages", "", "hello"), "429 slow down");
  EXPECT_EQ(
      lab.to_client_bytes(),
      "HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\ncontent-length: 9\r\n\r\nslow down");
  EXPECT_EQ(lab.to_server_bytes(), "");
  // The body of the aborted request is not parsed as a request.
  EXPECT_EQ(lab.get("/v1/messages"), "200 hello");
  EXPECT_EQ(lab.ask("POST", "/v2"), "200 hello");
}

TEST(Abort, ATemplateHasValuesOfTheRequest) {
  HttpLab lab(R"([[rule]]
fault = { type = "abort", status = 200, template = "text", body = "{{path.1}} {{query.none}}{{query.n}}!" })");
  EXPECT_EQ(lab.get("/a/b?n=1+2&n=3"), "200 a 1 2!");
  EXPECT_EQ(lab.get("/"), "200  !");
}

TEST(Abort, MistakesInATemplateAreReported) {
  const auto problem = [](const std::string& body) {
    return first_problem_of(
        "[[rule]]\nfault = { type = \"abort\", template = \"text\", body = \"" + body + "\" }",
        "http");
  };
  EXPECT_EQ(problem("{{pth}}"), "a request has no value {{pth}}");
  EXPECT_EQ(problem("{{path.0}}"), "a request has no value {{path.0}}");
  EXPECT_EQ(problem("{{header.}}"), "a request has no value {{header.}}");
  EXPECT_EQ(problem("a {{path"), "{{ without }}");
}

TEST(Abort, HitsTheConfiguredShareOfRequests) {
  HttpLab lab("[[rule]]\nprobability = \"30%\"\nfault = { type = \"abort\" }");
  EXPECT_NEAR(lab.count(3000, "/", "503"), 900, 100);
  EXPECT_EQ(lab.state().matched, 3000U);
}

TEST(Abort, PerConnectionHitsAllRequestsOfAConnectionOrNone) {
  HttpLab lab(
      "[[rule]]\nprobability = \"50%\"\nper = \"connection\"\nfault = { type = \"abort\" }");
  int hit = 0;
  for (int i = 0; i < 100; ++i) {
    lab.reconnect();
    const int count = lab.count(4, "/", "503");
    EXPECT_TRUE(count == 0 || count == 4);
    hit += count == 4 ? 1 : 0;
  }
  EXPECT_NEAR(hit, 50, 20);
}

TEST(Abort, AfterAndFirstCountRequests) {
  HttpLab lab("[[rule]]\nmatch = { after = 2, first = 3 }\nfault = { type = \"abort\" }");
  EXPECT_EQ(lab.count(2, "/", "503"), 0);
  EXPECT_EQ(lab.count(8, "/", "503"), 3);
}

TEST(Abort, FinishedFaultsDoNotCountAsActive) {
  HttpLab lab(R"([[rule]]
max_active_faults = 1
fault = { type = "delay", delay = "1s" })");
  EXPECT_EQ(lab.get("/"), "+1s 200 hello");
  EXPECT_EQ(lab.get("/"), "+1s 200 hello");
  EXPECT_EQ(lab.state().active, 0);
}

TEST(Abort, PunishesAClientThatComesBackEarly) {
  // Each request of this lab takes ten minutes.
  HttpLab lab(R"([[rule]]
match = { first = 1 }
fault = { type = "abort", status = 429, headers = { Retry-After = 1500 }, retry_after = "punish" })");
  EXPECT_EQ(lab.get("/"), "429");
  EXPECT_EQ(lab.get("/"), "429") << "beyond `first`, but early";
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("retry-after: 900\r\n"
                                                       "content-length: 0\r\n\r\n"));
  EXPECT_EQ(lab.get("/"), "429");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("retry-after: 300\r\n"));
  EXPECT_EQ(lab.get("/"), "200 hello") << "an early request does not lengthen the time";
  EXPECT_EQ(lab.notes(), "answer\nrefuse early retry\nrefuse early retry\n");
  EXPECT_EQ(lab.state().injected, 3U);
  EXPECT_EQ(lab.state().early, 2U);
}

TEST(Abort, PunishesOnlyTheClientThatWasTold) {
  HttpLab lab(R"([[rule]]
match = { first = 1, path = "/v1" }
fault = { type = "abort", headers = { retry-after = 3600 }, retry_after = "punish" })");
  EXPECT_EQ(lab.get("/v1"), "503");
  EXPECT_EQ(lab.get("/v2"), "200 hello") << "the rule does not match";
  lab.reconnect("10.9.9.9");
  EXPECT_EQ(lab.get("/v1"), "200 hello");
  lab.reconnect();
  EXPECT_EQ(lab.get("/v1"), "503") << "the same client on another connection";
  EXPECT_EQ(lab.state().early, 1U);
}

TEST(Abort, PunishesOnlyWhileItsRuleLasts) {
  HttpLab lab(R"([[rule]]
duration = "15m"
fault = { type = "abort", headers = { retry-after = 3600 }, retry_after = "punish" })");
  EXPECT_EQ(lab.get("/"), "503");
  EXPECT_EQ(lab.get("/"), "503");
  EXPECT_EQ(lab.get("/"), "200 hello");
}

TEST(Abort, DoesNotPunishUnlessItIsAskedTo) {
  HttpLab lab(R"([[rule]]
match = { first = 1 }
fault = { type = "abort", headers = { retry-after = 3600 } })");
  EXPECT_EQ(lab.get("/"), "503");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.state().early, 0U);
}

TEST(Abort, PunishNeedsANumberOfSeconds) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of(
        "[[rule]]\nfault = { type = \"abort\", retry_after = \"punish\"" + settings + " }", "http");
  };
  EXPECT_THAT(problem(""),
              testing::HasSubstr("needs retry-after in `headers`, with a number of seconds"));
  EXPECT_THAT(problem(", headers = { retry-after = \"Wed, 21 Oct 2026 07:28:00 GMT\" }"),
              testing::HasSubstr("needs retry-after in `headers`, with a number of seconds"));
  EXPECT_EQ(problem(", headers = { Retry-After = \"5\" }"), "");
}

TEST(Abort, AnswersGrpcCallsWithAGrpcStatus) {
  HttpLab lab("[[rule]]\nfault = { type = \"abort\", grpc_status = 14 }");
  EXPECT_EQ(lab.ask("POST", "/chat.Messages/Send", "", "x"), "200");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("grpc-status: 14\r\n"));
}

TEST(Abort, AnswersGrpcWebInItsOwnMediaType) {
  for (const std::string type : {"application/grpc", "application/grpc-web+proto",
                                 "application/grpc-web-text", "application/grpc+json"}) {
    HttpLab lab("[[rule]]\nfault = { type = \"abort\", grpc_status = 14 }");
    EXPECT_EQ(lab.ask("POST", "/a.B/C", "Content-Type: " + type + "\r\n", "abcde"), "200");
    EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("content-type: " + type + "\r\n"));
    EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("grpc-status: 14\r\n"));
  }
  HttpLab other("[[rule]]\nfault = { type = \"abort\", grpc_status = 14 }");
  other.get("/");
  EXPECT_THAT(other.to_client_bytes(), testing::HasSubstr("content-type: application/grpc\r\n"));
}

TEST(Abort, DoesNotWaitForA100ContinueBody) {
  HttpLab lab("[[rule]]\nfault = { type = \"abort\" }");
  lab.client("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), testing::StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("connection: close\r\n"));
}

TEST(Abort, RejectsRulesThatDoNotFit) {
  const auto problem = [](const std::string& rule, const std::string& protocol = "http") {
    return first_problem_of("[[rule]]\n" + rule, protocol);
  };
  EXPECT_EQ(problem("fault = { type = \"abort\" }", "tcp"),
            "fault \"abort\" does not act on listener \"chat\", which is tcp");
  EXPECT_EQ(problem("match = { status = 200 }\nfault = { type = \"abort\" }"),
            "fault \"abort\" acts before the response exists");
  EXPECT_EQ(problem("match = { path = \"/x\" }\nfault = { type = \"latency\", delay = \"1s\" }"),
            "fault \"latency\" does not act on HTTP requests");
  EXPECT_EQ(problem("match = { path = \"~(\" }\nfault = { type = \"abort\" }"),
            "path: \"(\" is not a regular expression: missing ): (");
  EXPECT_EQ(problem("match = { direction = \"upstream\" }\nfault = { type = \"abort\" }"),
            "fault \"abort\" acts on a request together with its response, so it has no direction");
  EXPECT_EQ(problem("match = { status = \"6xx\" }\nfault = { type = \"malformed\", what = "
                    "\"status_line\" }"),
            "status: a status is from 100 to 599");
  EXPECT_EQ(problem("fault = { type = \"abort\", headers = { \"a b\" = \"c\" } }"),
            "headers: \"a b\" is not a header name");
}

TEST(Abort, DrawsTheStatusByWeight) {
  HttpLab lab("[[rule]]\nfault = { type = \"abort\", status = { 429 = 1, 503 = 1 } }");
  int limited = 0;
  for (int i = 0; i < 200; ++i) limited += lab.get("/") == "429" ? 1 : 0;
  EXPECT_NEAR(limited, 100, 30);
  EXPECT_EQ(lab.to_server_bytes(), "");
}

}  // namespace
}  // namespace brownout::test
