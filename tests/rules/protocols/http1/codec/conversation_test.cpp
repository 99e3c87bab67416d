// Tests Conversation, which handles one HTTP/1 connection. Every valid form passes unchanged,
// however reads split it. Request smuggling is refused, and traffic that is not HTTP passes as
// bytes.
#include "rules/protocols/http1/codec/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct HttpTalk {
  std::string name;
  std::string asks;
  std::vector<std::string> answers;  // one per request, with its interim responses
  bool ends = false;                 // the server closes after the last response
};

const std::vector<HttpTalk> kTalks{
    {"headers keep order and case",
     "GET /a?b HTTP/1.1\r\nhOsT: h\r\nX-B:1\r\nX-A:  2 \r\n\r\n",
     {"HTTP/1.1 200 Fine\r\nX-B:1\r\ncontent-LENGTH: 2\r\nX-A:  2 \r\n\r\nok"}},
    {"pipelined",
     "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcHEAD /3 "
     "HTTP/1.1\r\n\r\nGET /4 HTTP/1.1\r\n\r\n",
     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", "HTTP/1.1 204 N\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 304 N\r\nETag: x\r\n\r\n"}},
    {"chunks with extensions and trailers",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n00a\r\n0123456789\r\n"
      "0\r\nX-Sum: 2\r\n\r\n"}},
    {"interim responses",
     "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
      "OK\r\nContent-Length: 0\r\n\r\n"}},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", {"HTTP/1.0 200 OK\r\n\r\nuntil the end"}, true},
    {"absolute-form",
     "GET http://h:81/x?y HTTP/1.1\r\nHost: h:81\r\n\r\n",
     {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
    {"upgrade",
     "GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01x",
     {"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01y"}},
    {"CONNECT",
     "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n\x16\x03\x01",
     {"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x03"}},
};

// Sends the messages in pieces of `piece` bytes (0: random sizes). Returns the bytes that the
// server and the client received.
std::pair<std::string, std::string> play(const HttpTalk& talk, const std::string& rules,
                                         std::size_t piece, std::uint64_t seed = 1) {
  HttpLab lab(rules);
  lab.reply.reset();
  std::mt19937_64 random(seed);
  const auto next = [&] { return piece > 0 ? piece : 1 + random() % 20; };
  const auto in_pieces = [&](std::string_view bytes, auto send) {
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, next());
      send(part);
      bytes.remove_prefix(part.size());
    }
  };
  in_pieces(talk.asks, [&](auto part) { lab.client(part); });
  for (const auto& answer : talk.answers) {
    in_pieces(answer, [&](auto part) { lab.server(part); });
  }
  if (talk.ends) lab.server_ends();
  lab.advance(1s);
  return {lab.to_server_bytes(), lab.to_client_bytes()};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += part;
  return text;
}

TEST(Conversation, UnmodifiedMessagesPassByteForByte) {
  // These rules match no message, but the Conversation must parse all heads to find that out.
  const std::string others = R"([[rule]]
match = { path = "/nobody" }
fault = { type = "abort" }
[[rule]]
match = { status = 599 }
fault = { type = "malformed", what = "status_line" })";
  for (const auto& talk : kTalks) {
    for (const auto& rules : {std::string(), others}) {
      for (std::size_t piece : {1000000U, 1U, 2U, 3U, 7U, 0U, 0U}) {
        const auto [server, client] = play(talk, rules, piece, piece + rules.size());
        EXPECT_EQ(server, talk.asks) << talk.name << " in pieces of " << piece;
        EXPECT_EQ(client, joined(talk.answers)) << talk.name << " in pieces of " << piece;
      }
    }
  }
}

TEST(Conversation, BodiesThroughStagesKeepTheirFraming) {
  // The rule flips no bits, but every body passes through its stage.
  const std::string rules = R"([[rule]]
fault = { type = "corrupt_body", chance = "0%" })";
  for (const auto& talk : kTalks) {
    const auto [server, client] = play(talk, rules, 5);
    if (talk.name.starts_with("chunks")) {
      EXPECT_THAT(client, HasSubstr("0\r\nX-Sum: 2\r\n\r\n"));
      EXPECT_THAT(server, HasSubstr("0\r\nX-Sum: 1\r\n\r\n"));
      continue;
    }
    EXPECT_EQ(server, talk.asks) << talk.name;
    EXPECT_EQ(client, joined(talk.answers)) << talk.name;
  }
}

TEST(Conversation, ServesOneRequestAtATime) {
  HttpLab lab;
  lab.reply.reset();
  lab.client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(lab.to_server_bytes(), "GET /1 HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(lab.to_server_bytes(), HasSubstr("GET /2"));
  EXPECT_EQ(lab.dials(), 1);
}

TEST(Conversation, ReportsTheOutcomeOfEachRequest) {
  HttpLab lab;
  lab.get("/");
  lab.reply = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
  lab.get("/");
  lab.reply = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  lab.get("/");
  EXPECT_EQ(lab.outcomes(), "200\n503\n204\n");
  // The server closes within a body.
  HttpLab other;
  other.reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal";
  other.client("GET / HTTP/1.1\r\n\r\n");
  other.server_ends(false);
  EXPECT_EQ(other.outcomes(), "200\ncut short\n");
}

TEST(Conversation, ConnectionHeadersDecideWhenConnectionsClose) {
  HttpLab lab;
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "Connection: close\r\n"), "200 hello (closed)");
  // The server asks to close.
  HttpLab other;
  other.reply = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
  EXPECT_EQ(other.get("/"), "200 hi (closed)");
}

TEST(Conversation, RefusesRequestSmuggling) {
  for (const auto* head :
       {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\rX: y\r\n\r\n"}) {
    HttpLab lab;
    lab.client(head);
    lab.client("0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n");
    EXPECT_EQ(lab.to_server_bytes(), "") << head;
    EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << head;
    EXPECT_TRUE(lab.closed());
    EXPECT_EQ(lab.reports(), "refused\n");
  }
  // A bad request after a good one is refused, too.
  HttpLab lab;
  lab.client(
      "GET /1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: "
      "1\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("hello"));
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("400 Bad Request"));
}

TEST(Conversation, AnswersABadChunkWith400) {
  HttpLab lab;
  lab.client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n");
  EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(lab.closed());
}

TEST(Conversation, TrafficThatIsNotHttpPassesAsBytes) {
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\x02\x00\x01", 6), std::string("hello\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxyz")}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
      HttpLab lab;
      lab.piece = piece;
      lab.client(bytes);
      EXPECT_EQ(lab.to_server_bytes(), bytes) << "in pieces of " << piece;
      EXPECT_EQ(lab.reports(), "not HTTP\n");
      lab.server("220 whatever\r\n");
      EXPECT_EQ(lab.to_client_bytes(), "220 whatever\r\n");
      lab.client_ends();
      EXPECT_THAT(lab.notes(), HasSubstr("half-closed"));
      EXPECT_FALSE(lab.closed());
      lab.server_ends();
      EXPECT_TRUE(lab.closed());
    }
  }
}

TEST(Conversation, MalformedResponsePassesUnchanged) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
    HttpLab lab;
    lab.piece = piece;
    lab.reply =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    lab.client("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(lab.to_client_bytes(), *lab.reply);
    EXPECT_EQ(lab.reports(), "not HTTP\n");
  }
}

TEST(Conversation, ClientSeesHowTheServerFails) {
  HttpLab lab;
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server_ends(true);
  EXPECT_TRUE(lab.reset());
  lab.reconnect();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  lab.server_ends();
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("half"));
  EXPECT_TRUE(lab.closed());
  HttpLab nobody;
  nobody.unreachable = true;
  EXPECT_EQ(nobody.get("/"), "502 brownout: nobody is there\n");
}

TEST(Conversation, RetriesSafeMethodsOnceOnADeadIdleConnection) {
  HttpLab lab;
  lab.reply.reset();
  lab.reuses = true;
  lab.client("GET /1 HTTP/1.1\r\n\r\n");
  lab.server_ends(true);
  EXPECT_EQ(lab.dials(), 2);
  EXPECT_EQ(lab.to_server_bytes(), "GET /1 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\n");
  lab.server_ends(true);
  EXPECT_TRUE(lab.reset());
  HttpLab unsafe;
  unsafe.reply.reset();
  unsafe.reuses = true;
  unsafe.client("POST /1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  unsafe.server_ends(true);
  EXPECT_EQ(unsafe.dials(), 1);
  EXPECT_TRUE(unsafe.reset());
}

TEST(Conversation, EarlyResponseDoesNotMixUpTheNextRequest) {
  HttpLab lab;
  lab.reply.reset();
  lab.client("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
  lab.server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  lab.client("67890GET /2 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(lab.to_server_bytes(), testing::EndsWith("1234567890GET /2 HTTP/1.1\r\n\r\n"));
  // The server closes without reading the rest of the request.
  HttpLab other;
  other.reply.reset();
  other.client("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
  other.server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  other.server_ends();
  other.client("67890");
  EXPECT_TRUE(other.closed());
  EXPECT_THAT(other.to_client_bytes(), StartsWith("HTTP/1.1 413"));
}

TEST(Conversation, DropsUnsolicitedBytesOfTheServer) {
  HttpLab lab;
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.dials(), 2);
}

TEST(Conversation, DelayPausesReadingAndLosesNoBytes) {
  HttpLab lab("[[rule]]\nfault = { type = \"delay\", delay = \"2s\" }");
  lab.client("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_FALSE(lab.conversation().wants_client());
  EXPECT_EQ(lab.to_server_bytes(), "");
  lab.advance(2s);
  EXPECT_THAT(lab.to_server_bytes(), testing::EndsWith("abc"));
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("hello"));
}

TEST(Conversation, RemovedRuleStopsActing) {
  HttpLab lab(R"([[rule]]
fault = { type = "response_rate", rate = "8 bit/s" })");
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.advance(1s);
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("\r\n\r\nh"));
  lab.reload("");
  EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("hello"));
  HttpLab waiting("[[rule]]\nfault = { type = \"delay\", delay = \"1h\" }");
  waiting.client("GET / HTTP/1.1\r\n\r\n");
  waiting.reload("");
  EXPECT_THAT(waiting.to_client_bytes(), testing::EndsWith("hello"));
}

// RFC 9110, 6.4.1, says which responses have no body.
TEST(Conversation, NoFaultAddsABodyToAResponseWithoutOne) {
  const std::vector<std::pair<std::string, std::string>> exchanges{
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {"HEAD", "HTTP/1.1 404 Not Found\r\n\r\n"},
      {"GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\n\r\n"},
      {"GET", "HTTP/1.1 204 No Content\r\nETag: a\r\n\r\n"}};
  for (const auto* fault :
       {R"("corrupt_body", chance = "10%")", R"("truncate_body", after = "0 B")",
        R"("replace_body", body = "other")", R"("response_rate", rate = "8 bit/s")",
        R"("stall_mid_body", after = "0 B", duration = "1s")", R"("replace", text = "other")",
        R"("corrupt_message", chance = "10%")", R"("truncate_message", after = "0 B")",
        R"("duplicate", share = "100%")", R"("malformed", what = "chunk_length")",
        R"("malformed", what = "content_length")"}) {
    for (const auto& [method, answer] : exchanges) {
      HttpLab lab("[[rule]]\nfault = { type = " + std::string(fault) + " }");
      lab.reply.reset();
      lab.client(method + " / HTTP/1.1\r\nHost: h\r\n\r\n");
      lab.server(answer);
      lab.advance(10s);
      EXPECT_THAT(lab.to_client_bytes(), StartsWith("HTTP/1.1 ")) << fault;
      EXPECT_THAT(lab.to_client_bytes(), testing::EndsWith("\r\n\r\n")) << fault << method;
      const auto behind = lab.to_client_bytes().find("\r\n\r\n") + 4;
      EXPECT_EQ(lab.to_client_bytes().substr(behind), "")
          << fault << " " << method << " " << answer;
      if (std::string(fault).find("malformed") != std::string::npos) continue;
      EXPECT_FALSE(lab.closed());
      lab.client("GET /2 HTTP/1.1\r\n\r\n");
      EXPECT_THAT(lab.to_server_bytes(), HasSubstr("GET /2"));
    }
  }
}

TEST(Conversation, UnknownMethodsPassAndMatch) {
  HttpLab lab(R"([[rule]]
match = { method = "PURGE" }
fault = { type = "abort", status = 418 })");
  EXPECT_EQ(lab.ask("PURGE", "/a"), "418");
  EXPECT_EQ(lab.ask("BASELINE-CONTROL", "/a"), "200 hello");
  EXPECT_EQ(lab.ask("purge", "/a"), "200 hello");
}

TEST(Conversation, RulesActOnBodiesWithOtherCodings) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", body = "other" })");
  lab.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nzip\r\n0\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 other");
  EXPECT_EQ(lab.reports(), "");
}

TEST(Conversation, RejectsAStatusBeyondTheRangeOfInt) {
  // The value 2^32 + 200 would become 200 in 32 bits.
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { status = 4294967496 }\n"
                             "fault = { type = \"malformed\", what = \"status_line\" }",
                             "http"),
            "status: a status is from 100 to 599");
}

}  // namespace
}  // namespace brownout::test
