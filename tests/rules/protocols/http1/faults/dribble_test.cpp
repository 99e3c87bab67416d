#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;

const std::string kRule = "[[rule]]\nfault = { type = \"dribble\", chunks = 5, over = \"1s\" }\n";

// Returns the body that the client has after each piece of time.
std::string pieces_of(HttpLab& lab, Duration each, int count) {
  lab.client("GET / HTTP/1.1\r\n\r\n");
  std::string text;
  for (int i = 0; i <= count; ++i) {
    const auto& got = lab.to_client_bytes();
    text += got.substr(got.find("\r\n\r\n") + 4) + "|";
    lab.advance(each);
  }
  return text;
}

TEST(Dribble, SendsPiecesAtEqualDistances) {
  HttpLab lab(kRule);
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
  EXPECT_EQ(pieces_of(lab, milliseconds(200), 5), "|01|0123|012345|01234567|0123456789|");
  EXPECT_EQ(lab.notes(), "dribble\n");
}

TEST(Dribble, NoPieceLeavesEarly) {
  HttpLab lab(kRule);
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
  lab.client("GET / HTTP/1.1\r\n\r\n");
  lab.advance(Duration(199'999'999));
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("\r\n\r\n"));
  lab.advance(Duration(1));
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("\r\n\r\n01"));
}

TEST(Dribble, DividesLengthsThatAreNoMultiple) {
  HttpLab lab(kRule);
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n0123456";
  EXPECT_EQ(pieces_of(lab, milliseconds(200), 5), "|0|01|0123|01234|0123456|");
  HttpLab small(kRule);
  small.reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
  EXPECT_EQ(pieces_of(small, milliseconds(500), 2), "|a|ab|");
  HttpLab empty(kRule);
  empty.reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(empty.get("/"), "200");
}

TEST(Dribble, DoesNotDependOnHowTheStreamIsCut) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    HttpLab lab(kRule);
    lab.piece = piece;
    lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    EXPECT_EQ(pieces_of(lab, milliseconds(200), 5), "|01|0123|012345|01234567|0123456789|");
  }
}

TEST(Dribble, WaitsForTheEndOfABodyOfUnknownLength) {
  HttpLab lab(kRule);
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: "
      "1\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 abcde in 1s");
  EXPECT_THAT(
      lab.to_client_bytes(),
      EndsWith("\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n1\r\ne\r\n0\r\nX: 1\r\n\r\n"));
}

TEST(Dribble, PassesAStreamWithoutAnEnd) {
  HttpLab lab(kRule);
  lab.reply =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n";
  lab.client("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("3\r\nabc\r\n"));
  EXPECT_EQ(lab.reports(), "body unchanged\n");
}

TEST(Dribble, KnowsTheLengthOfAChangedBody) {
  HttpLab lab(
      "[[rule]]\nmatch = { direction = \"downstream\" }\n"
      "fault = { type = \"replace_body\", body = \"0123456789\" }\n" +
      kRule);
  EXPECT_EQ(pieces_of(lab, milliseconds(200), 5), "|01|0123|012345|01234567|0123456789|");
}

// The server sends more than the proxy holds: the rest of a piece follows when its time has come.
TEST(Dribble, ALargeBodyArrivesInTime) {
  HttpLab lab(kRule);
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\n\r\n");
  const std::size_t size = 5'000'000;
  lab.server("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  const auto head = lab.to_client_bytes().size();
  std::size_t sent = 0;
  for (int tenth = 0; tenth <= 10; ++tenth) {
    while (sent < size && lab.conversation().wants_server()) {
      lab.server(std::string(50'000, 'x'));
      sent += 50'000;
    }
    EXPECT_LE(sent - (lab.to_client_bytes().size() - head), 400'000U);
    EXPECT_EQ(lab.to_client_bytes().size() - head, static_cast<std::size_t>(tenth / 2) * 1'000'000)
        << tenth;
    lab.advance(milliseconds(100));
  }
}

TEST(Dribble, RefusesSettingsWithoutATime) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of("[[rule]]\nfault = { type = \"dribble\"" + settings + " }", "http");
  };
  EXPECT_THAT(problem(""), HasSubstr("over"));
  EXPECT_THAT(problem(", over = \"0s\""), HasSubstr("over"));
  EXPECT_THAT(problem(", over = \"1s\", chunks = 0"), HasSubstr("chunks"));
}

}  // namespace
}  // namespace brownout::test
