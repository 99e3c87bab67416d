#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(ReplaceBody, ReplacesTheBodyAndSetsItsLength) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", body = "maintenance", content_type = "text/html" })");
  EXPECT_EQ(lab.get("/"), "200 maintenance");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("content-type: text/html\r\n"));
  lab.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 maintenance");
  EXPECT_EQ(lab.ask("HEAD", "/"), "200");
  EXPECT_EQ(lab.get("/"), "200 maintenance");
}

TEST(ReplaceBody, ReplacesTheBodyOfARequestThatHasOne) {
  HttpLab lab(R"([[rule]]
match = { direction = "upstream" }
fault = { type = "replace_body", body = "{}" })");
  EXPECT_EQ(lab.ask("POST", "/", "", "something"), "200 hello");
  EXPECT_EQ(lab.to_server_bytes(),
            "POST / HTTP/1.1\r\nHost: example.org\r\ncontent-length: 2\r\n\r\n{}");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_THAT(lab.to_server_bytes(),
              testing::EndsWith("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"));
}

TEST(ReplaceBody, ReplacesTheBodyOfARulesAnswer) {
  HttpLab lab(R"([[rule]]
fault = { type = "abort", body = "no" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", body = "somewhat longer" })");
  EXPECT_EQ(lab.get("/"), "503 somewhat longer");
  EXPECT_EQ(lab.get("/"), "503 somewhat longer");
}

TEST(ReplaceBody, ATemplateHasValuesOfTheRequest) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", template = "json", body = '{"q": "{{query.q}}", "id": "{{path.2}}", "all": "{{method}} {{host}}{{path}} {{header.x-id}} {{path.9}}"}' })");
  EXPECT_EQ(lab.ask("GET", "/users/7?q=a%22b", "X-Id: 5\r\n"),
            R"(200 {"q": "a\"b", "id": "7", "all": "GET example.org/users/7 5 "})");
}

TEST(ReplaceBody, LaterRulesActOnTheNewBody) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", body = "0123456789" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "truncate_body", after = "4 B" })");
  EXPECT_EQ(lab.get("/"), "200 0123 (closed)");
}

}  // namespace
}  // namespace brownout::test
