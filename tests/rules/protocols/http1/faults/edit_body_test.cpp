#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/http1/content_coding.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using rules::ContentCoding;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string rule(const std::string& settings, const std::string& match = "") {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"edit_body\", " + settings +
         " }\n";
}

std::string reply(const std::string& body, const std::string& headers = "",
                  const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string edited(const std::string& settings, const std::string& body) {
  HttpLab lab(rule(settings));
  lab.reply = reply(body);
  const auto got = lab.get("/");
  return got + (lab.reports().empty() ? "" : " (" + lab.reports() + ")");
}

TEST(EditBody, EditsInThreeWays) {
  EXPECT_EQ(edited("merge = '{\"a\": null, \"b\": {\"c\": 1}}'", R"({"a":1,"d":2})"),
            R"(200 {"d":2,"b":{"c":1}})");
  EXPECT_EQ(edited("merge = { a = \"x\", b = { c = [1, true] } }", R"({"a":1})"),
            R"(200 {"a":"x","b":{"c":[1,true]}})");
  EXPECT_EQ(edited("set = { \"/items/0/price\" = -1 }, set_null = [\"/n\"], remove = [\"/x\"]",
                   R"({"items":[{"price":10}],"x":1,"n":2})"),
            R"(200 {"items":[{"price":-1}],"n":null})");
  EXPECT_EQ(edited("regex = '\"price\":(\\d+)', with = '\"price\":\"\\1\"'", R"({"price":10})"),
            R"(200 {"price":"10"})");
}

TEST(EditBody, SetsTheLengthAndRemovesWhatDescribesTheOldBody) {
  HttpLab lab(rule("merge = { a = 100 }"));
  lab.reply = reply(R"({"a":1})",
                    "ETag: \"1\"\r\nLast-Modified: Mon, 04 Oct 2021 15:39:00 GMT\r\nX-Kept: 1\r\n"
                    "Content-MD5: x\r\nRepr-Digest: x\r\nAccept-Ranges: bytes\r\n");
  EXPECT_EQ(lab.get("/"), R"(200 {"a":100})");
  EXPECT_EQ(lab.to_client_bytes(),
            "HTTP/1.1 200 OK\r\nX-Kept: 1\r\ncontent-length: 9\r\n\r\n{\"a\":100}");
  EXPECT_EQ(lab.notes(), "edit\n");
}

TEST(EditBody, EditsABodyInChunksAndOneThatEndsWithTheConnection) {
  HttpLab lab(rule("merge = { a = 2 }"));
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\nX: "
      "1\r\n\r\n";
  EXPECT_EQ(lab.get("/"), R"(200 {"a":2})");
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("content-length: 7\r\n"));
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\n\r\n{\"a\":1");
  lab.server("}");
  lab.server_ends();
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("content-length: 7\r\n\r\n{\"a\":2}"));
  EXPECT_TRUE(lab.closed());
}

TEST(EditBody, DecodesAndEncodesAgain) {
  HttpLab lab(rule("merge = { a = 2 }"));
  const std::vector<std::pair<std::string, ContentCoding>> codings{
      {"gzip", ContentCoding::kGzip},
      {"deflate", ContentCoding::kZlib},
      {"deflate", ContentCoding::kDeflate},
      {"br", ContentCoding::kBrotli}};
  for (const auto& [name, coding] : codings) {
    const auto before = rules::encode_body({R"({"a":1})", {coding}}).value();
    const auto after = rules::encode_body({R"({"a":2})", {coding}}).value();
    lab.reply = reply(before, "Content-Encoding: " + name + "\r\n");
    EXPECT_EQ(lab.get("/"), "200 " + after) << name;
    EXPECT_THAT(lab.to_client_bytes(), HasSubstr("Content-Encoding: " + name + "\r\n"));
  }
}

// Each of them passes with its head and its bytes.
TEST(EditBody, PassesUnchangedWithAnEvent) {
  const auto bomb = rules::encode_body({std::string(5000, ' '), {ContentCoding::kGzip}}).value();
  const std::vector<std::string> replies{
      reply("hello"),
      reply(""),
      reply("{\"a\":1}", "Content-Encoding: zstd\r\n"),
      reply("{\"a\":1}", "Content-Encoding: gzip\r\n"),
      reply(bomb, "Content-Encoding: gzip\r\n"),
      reply("{\"a\":1}", "Content-Range: bytes 0-6/100\r\n", "206 Partial Content"),
      reply("{\"a\":1}", "Content-Type: text/event-stream; charset=utf-8\r\n"),
      reply("{\"a\":\"" + std::string(2000, 'x') + "\"}")};
  for (const auto& whole : replies) {
    HttpLab lab(rule("merge = { a = 2 }, most = \"1 KB\""));
    lab.reply = whole;
    lab.get("/");
    EXPECT_EQ(lab.to_client_bytes(), whole);
    EXPECT_EQ(lab.reports(), "body unchanged\n") << whole.substr(0, 100);
    EXPECT_EQ(lab.notes(), "");
  }
}

std::string why_unchanged(const std::string& settings, const std::string& whole) {
  HttpLab lab(rule(settings));
  lab.reply = whole;
  lab.get("/");
  return lab.reasons();
}

TEST(EditBody, SaysWhyABodyIsUnchanged) {
  const std::string merge = "merge = { a = 2 }, most = \"10 B\"";
  EXPECT_THAT(why_unchanged(merge, reply("hello")), HasSubstr("the body is not JSON"));
  EXPECT_THAT(why_unchanged(merge, reply("{\"a\":123456}")),
              EndsWith("the body has more than 10 bytes\n"));
  EXPECT_THAT(why_unchanged(merge,
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "c\r\n{\"a\":123456}\r\n0\r\n\r\n"),
              EndsWith("the body has more than 10 bytes, or is incomplete\n"));
  EXPECT_THAT(why_unchanged(merge, reply("{}", "Content-Encoding: zstd\r\n")), HasSubstr("zstd"));
  EXPECT_THAT(why_unchanged("merge = { a = 2222222 }, most = \"10 B\"", reply("{\"a\":1}")),
              HasSubstr("the result has more than 10 B"));
  EXPECT_THAT(why_unchanged("regex = \"x\"", reply("hello")), HasSubstr("has no match"));
  EXPECT_THAT(why_unchanged("regex = \"x\", with = \"yy\", most = \"1 MiB\"",
                            reply(std::string(200'000, 'x'))),
              HasSubstr("has more than 100000 matches"));
  EXPECT_THAT(why_unchanged("set = { \"/a/b\" = 1 }, remove = [\"/c~1d\"]", reply("{}")),
              EndsWith("the body has nothing at \"/c~1d\", \"/a/b\"\n"));
}

TEST(EditBody, NamesOnceWhatABodyLacksThatIsEditedOtherwise) {
  HttpLab lab(rule("set = { \"/a\" = 2, \"/x/y\" = 1 }, remove = [\"/b\"]"));
  lab.reply = reply("{\"a\":1}");
  EXPECT_EQ(lab.get("/"), "200 {\"a\":2}");
  EXPECT_THAT(lab.reasons(), EndsWith("in part: the body has nothing at \"/b\", \"/x/y\"\n"));
  const auto reports = lab.reports();
  EXPECT_EQ(lab.get("/"), "200 {\"a\":2}");
  EXPECT_EQ(lab.reports(), reports);
}

TEST(EditBody, EditsBesideANumberThatIsOutOfRange) {
  EXPECT_EQ(edited("merge = { a = 2 }", R"({"b":1e400,"a":1})"), R"(200 {"b":1e400,"a":2})");
}

TEST(EditBody, PassesALargeBodyInChunks) {
  HttpLab lab(rule("merge = { a = 2 }, most = \"10 B\""));
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n8\r\n\"123456}\r\n0\r\n"
      "X-Sum: 1\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 {\"a\":\"123456}");
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("0\r\nX-Sum: 1\r\n\r\n"));
  EXPECT_EQ(lab.reports(), "body unchanged\n");
}

TEST(EditBody, IgnoresMessagesWithoutABody) {
  HttpLab lab(rule("regex = \"^\", with = \"x\""));
  lab.reply = reply("hello");
  EXPECT_EQ(lab.ask("HEAD", "/"), "200");
  lab.reply = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "204");
  lab.reply = "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "304");
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("ETag"));
  EXPECT_EQ(lab.reports() + lab.notes(), "");
}

TEST(EditBody, ATunnelHasNoBody) {
  HttpLab lab(rule("regex = \"^\", with = \"x\""));
  lab.reply.reset();
  lab.client("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\n\r\n");
  lab.server("bytes");
  EXPECT_EQ(lab.to_client_bytes(), "HTTP/1.1 200 OK\r\n\r\nbytes");
}

TEST(EditBody, EditsRequests) {
  HttpLab lab(rule("merge = { a = 20 }", "direction = \"upstream\""));
  EXPECT_EQ(lab.ask("POST", "/", "Content-Digest: x\r\n", "{\"a\":1}"), "200 hello");
  EXPECT_EQ(lab.to_server_bytes(),
            "POST / HTTP/1.1\r\nHost: example.org\r\ncontent-length: 8\r\n\r\n{\"a\":20}");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.reports(), "");
  EXPECT_EQ(lab.ask("POST", "/", "", "a=1"), "200 hello");
  EXPECT_THAT(lab.to_server_bytes(), EndsWith("Content-Length: 3\r\n\r\na=1"));
  EXPECT_EQ(lab.reports(), "body unchanged\n");
}

// The client would wait for the server's 100, and the server gets the request with its body only.
TEST(EditBody, AsksForTheBodyThatWaitsForContinue) {
  HttpLab lab(rule("merge = { a = 2 }", "direction = \"upstream\""));
  lab.client("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(lab.to_client_bytes(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(lab.to_server_bytes(), "");
  lab.client("{\"a\":1}");
  EXPECT_EQ(lab.to_server_bytes(), "POST / HTTP/1.1\r\ncontent-length: 7\r\n\r\n{\"a\":2}");
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("hello"));
}

TEST(EditBody, RulesEditInOrder) {
  HttpLab lab(rule("regex = \"1\", with = \"2\"") + rule("regex = \"2\", with = \"3\"") +
              "[[rule]]\nmatch = { direction = \"downstream\" }\n"
              "fault = { type = \"truncate_body\", share = \"50%\" }");
  lab.reply = reply("1111");
  EXPECT_EQ(lab.get("/"), "200 33 (closed)");
}

TEST(EditBody, EditsTheBodyThatAnEarlierRuleMade) {
  const std::string replace =
      "[[rule]]\nmatch = { direction = \"downstream\" }\nfault = { type = \"replace_body\", body = "
      "\"abc\" }\n";
  HttpLab lab(replace + rule("regex = \"b\", with = \"xx\""));
  EXPECT_EQ(lab.get("/"), "200 axxc");
  HttpLab later(rule("regex = \"b\", with = \"xx\"") + replace);
  EXPECT_EQ(later.get("/"), "200 abc") << "the new body is of a later rule";
  HttpLab answer("[[rule]]\nfault = { type = \"abort\", body = \"no\" }\n" +
                 rule("regex = \"no\", with = \"yes\""));
  EXPECT_EQ(answer.get("/"), "503 yes");
}

TEST(EditBody, ARemovedRuleStopsWaiting) {
  HttpLab lab(rule("merge = { a = 2 }"));
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"");
  EXPECT_EQ(lab.to_client_bytes(), "");
  lab.reload("");
  EXPECT_EQ(lab.to_client_bytes(), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"");
  lab.server(":1}");
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("{\"a\":1}"));
  EXPECT_EQ(lab.reports(), "");
}

TEST(EditBody, PassesWhatArrivedOfAnIncompleteBody) {
  HttpLab lab(rule("merge = { a = 2 }"));
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"");
  lab.server_ends();
  EXPECT_EQ(lab.to_client_bytes(), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"");
  EXPECT_TRUE(lab.closed());
  EXPECT_EQ(lab.outcomes(), "200\ncut short\n");
  EXPECT_EQ(lab.reports(), "body unchanged\n");
}

TEST(EditBody, TheDelayOfARuleBeginsWhenTheBodyIsThere) {
  HttpLab lab(rule("merge = { a = 2 }") +
              "[[rule]]\nfault = { type = \"delay\", delay = \"2s\", before = \"response\" }");
  lab.reply = reply("{\"a\":1}");
  EXPECT_EQ(lab.get("/"), "+2s 200 {\"a\":2}");
}

TEST(EditBody, DoesNotDependOnHowTheStreamIsCut) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 50U}) {
    HttpLab lab(rule("merge = { a = 2 }, most = \"20 B\"") +
                rule("merge = { b = 3 }", "direction = \"upstream\""));
    lab.piece = piece;
    lab.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n";
    EXPECT_EQ(lab.ask("POST", "/", "", "{\"b\":1}"), "200 {\"a\":2}");
    EXPECT_THAT(lab.to_server_bytes(), EndsWith("{\"b\":3}"));
    lab.reply = reply("{\"a\":\"" + std::string(100, 'x') + "\"}");
    EXPECT_EQ(lab.get("/"), "200 {\"a\":\"" + std::string(100, 'x') + "\"}");
  }
}

TEST(EditBody, RefusesSettingsThatEditNothing) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of("[[rule]]\nfault = { type = \"edit_body\"" + settings + " }", "http");
  };
  EXPECT_THAT(problem(""), HasSubstr("changes nothing"));
  EXPECT_THAT(problem(", merge = {}, regex = \"a\""), HasSubstr("in one way"));
  EXPECT_THAT(problem(", merge = \"{\""), HasSubstr("merge is not JSON"));
  EXPECT_THAT(problem(", merge = 5"), HasSubstr("expected JSON as a text, or a table"));
  EXPECT_THAT(problem(", set = {}"), HasSubstr("expected a table of JSON pointers"));
  EXPECT_THAT(problem(", set = { price = 0 }"), HasSubstr("\"price\" is not a JSON pointer"));
  EXPECT_THAT(problem(", set = { \"/a\" = [2021-10-04] }"),
              HasSubstr("a date, an infinite number"));
  EXPECT_THAT(problem(", merge = { a = { b = inf } }"), HasSubstr("a date, an infinite number"));
  EXPECT_THAT(problem(", remove = [\"/a~\"]"), HasSubstr("is not a JSON pointer"));
  EXPECT_THAT(problem(", remove = []"), Not(testing::IsEmpty()));
  EXPECT_THAT(problem(", regex = \"(\""), HasSubstr("is not a regular expression"));
  EXPECT_THAT(problem(", regex = \"a\", with = '\\1'"), HasSubstr("cannot replace a match"));
  EXPECT_THAT(problem(", merge = { a = 1 }, with = \"b\""), HasSubstr("replaces the matches"));
  EXPECT_THAT(problem(", merge = { a = 1 }, most = \"1 GB\""), HasSubstr("most"));
  EXPECT_THAT(problem(", merge = { a = 1 }, most = \"9 MiB\""), HasSubstr("most"));
}

}  // namespace
}  // namespace brownout::test
