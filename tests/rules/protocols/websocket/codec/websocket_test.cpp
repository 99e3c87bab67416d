// Tests WebSocket messages in a MessageTunnel: unmodified messages pass unchanged, however reads
// split them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

using rules::Opcode;

// A conversation with a fragmented message, a ping between its fragments, and a message with RSV1.
// `ping_first`: if rules inspect messages, a fragmented message passes only when complete, so the
// ping passes before it.
std::string talk(bool masked, bool ping_first = false) {
  auto first = WebSocketLab::frame("hel", masked);
  first[0] = '\x01';  // FIN = 0: more fragments follow
  auto second = WebSocketLab::frame("lo", masked);
  second[0] = '\x80';  // a continuation frame with FIN = 1
  const auto ping = WebSocketLab::frame("", masked, Opcode::kPing);
  return (ping_first ? ping + first : first + ping) + second +
         WebSocketLab::frame("deflated", masked, Opcode::kText, true) +
         WebSocketLab::frame(std::string(70'000, 'x'), masked, Opcode::kBinary) +
         WebSocketLab::frame("", masked);
}

TEST(WebSocket, UnmodifiedMessagesPassByteForByte) {
  const std::string elsewhere = R"([[rule]]
match = { text = "nobody says this" }
fault = { type = "drop" }
[[rule]]
match = { min_size = "1 MB" }
fault = { type = "corrupt_message", chance = "100%" })";
  for (const auto& rules : {std::string(), elsewhere}) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{13}, std::size_t{1000000}}) {
      WebSocketLab lab(rules);
      lab.http.piece = piece;
      lab.http.client(talk(true));
      lab.http.server(talk(false));
      EXPECT_TRUE(lab.server_bytes() == talk(true, !rules.empty())) << "in pieces of " << piece;
      EXPECT_TRUE(lab.client_bytes() == talk(false, !rules.empty())) << "in pieces of " << piece;
    }
  }
}

TEST(WebSocket, RulesSeeAFragmentedMessageAsOneMessage) {
  WebSocketLab lab("[[rule]]\nmatch = { text = \"hello\" }\nfault = { type = \"drop\" }");
  lab.http.client(talk(true));
  EXPECT_THAT(lab.at_server(), testing::StartsWith("ping:\ntext:deflated\n"));
}

TEST(WebSocket, MatchesByOpcodeSizeTextDirectionAndOrdinal) {
  WebSocketLab lab(R"([[rule]]
match = { opcode = "pong", direction = "downstream" }
fault = { type = "drop" }
[[rule]]
match = { text = "*typing*", direction = "upstream", every = 2 }
fault = { type = "drop" }
[[rule]]
match = { min_size = "100 B" }
fault = { type = "truncate_message", after = "3 B" })");
  lab.from_client("pong", Opcode::kPong);
  lab.from_server("pong", Opcode::kPong);
  for (int i = 1; i <= 4; ++i) lab.from_client("typing " + std::to_string(i));
  lab.from_server("typing");
  lab.from_client(std::string(100, 'x'));
  EXPECT_EQ(lab.at_server(), "pong:pong\ntext:typing 1\ntext:typing 3\ntext:xxx\n");
  EXPECT_EQ(lab.at_client(), "text:typing\n");
}

TEST(WebSocket, HitsTheConfiguredShareOfMessages) {
  WebSocketLab lab(
      "[[rule]]\nprobability = \"30%\"\nper = \"message\"\nfault = { type = \"drop\" }");
  for (int i = 0; i < 1000; ++i) lab.from_client("m");
  EXPECT_NEAR(static_cast<double>(lab.at_server().size()) / 7, 700, 60);
}

TEST(WebSocket, NewRuleActsFromTheNextMessage) {
  WebSocketLab lab;
  const auto frame = WebSocketLab::frame("first", true);
  lab.http.client(frame.substr(0, 4));
  lab.http.reload("[[rule]]\nfault = { type = \"drop\" }");
  lab.http.client(frame.substr(4));
  lab.from_client("second");
  EXPECT_EQ(lab.at_server(), "text:first\n");
  lab.http.reload("");
  lab.from_client("third");
  EXPECT_EQ(lab.at_server(), "text:first\ntext:third\n");
}

TEST(WebSocket, InvalidFramePassesAsBytes) {
  WebSocketLab lab("[[rule]]\nmatch = { opcode = \"ping\" }\nfault = { type = \"drop\" }");
  lab.from_client("one");
  lab.http.client("\x83\x01xyz");
  EXPECT_THAT(lab.server_bytes(), testing::EndsWith("\x83\x01xyz"));
  EXPECT_EQ(lab.http.reports(), "not WebSocket\n");
}

TEST(WebSocket, HalfCloseFollowsHeldMessages) {
  WebSocketLab lab(
      "[[rule]]\nmatch = { opcode = \"text\" }\nfault = { type = \"delay\", delay = \"1s\" }");
  lab.from_client("bye");
  lab.http.client_ends();
  EXPECT_EQ(lab.at_server(), "");
  lab.http.advance(1s);
  EXPECT_EQ(lab.at_server(), "text:bye\n");
  EXPECT_THAT(lab.http.notes(), testing::HasSubstr("half-closed"));
}

TEST(WebSocket, DelaysDuplicatesAndReordersMessages) {
  WebSocketLab slow(
      "[[rule]]\nmatch = { direction = \"upstream\", opcode = \"text\" }\n"
      "fault = { type = \"delay\", delay = \"2s\" }");
  slow.from_client("a");
  slow.from_client("");
  slow.http.advance(1s);
  EXPECT_EQ(slow.at_server(), "");
  slow.http.advance(1s);
  EXPECT_EQ(slow.at_server(), "text:a\ntext:\n");
  WebSocketLab twice(
      "[[rule]]\nmatch = { opcode = \"text\" }\nfault = { type = \"duplicate\", share = \"100%\" "
      "}");
  twice.from_server("a");
  EXPECT_EQ(twice.at_client(), "text:a\ntext:a\n");
  WebSocketLab mixed(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", gap = 3, delay = \"1s\" }");
  for (const auto* text : {"1", "2", "3"}) mixed.from_client(text);
  mixed.http.advance(1s);
  EXPECT_EQ(mixed.at_server(), "text:3\ntext:1\ntext:2\n");
}

TEST(WebSocket, ReorderShufflesAWindowAndKeepsTheCloseLast) {
  const std::string rule =
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", window = 3, delay = \"1h\" }";
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    WebSocketLab lab(rule, seed);
    for (const auto* text : {"1", "2"}) lab.from_client(text);
    EXPECT_EQ(lab.at_server(), "");
    lab.from_client("3");
    auto order = lab.at_server();
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, "\n\n\n123:::eeettttttxxx") << "nothing is lost";
    lab.from_client("4");
    lab.from_client(std::string("\x03\xe8", 2), Opcode::kClose);
    EXPECT_THAT(lab.at_server(), testing::EndsWith("text:4\nclose:1000 \n"));
  }
  EXPECT_EQ(orders.size(), 6U) << "all orders of three occur";
}

// Fragments before a Close must not be lost, even if a rule inspects messages (RFC 6455, 5.5.1).
TEST(WebSocket, CloseStaysAfterTheFragmentsBeforeIt) {
  auto first = WebSocketLab::frame("hel", true);
  first[0] = '\x01';  // FIN = 0: more fragments follow
  auto last = WebSocketLab::frame("lo", true);
  last[0] = '\x80';  // a continuation frame with FIN = 1
  const auto close = WebSocketLab::frame("\x03\xe8", true, Opcode::kClose);
  for (const auto* rule :
       {"", "[[rule]]\nmatch = { text = \"never\" }\nfault = { type = \"drop\" }",
        "[[rule]]\nmatch = { opcode = [\"text\", \"close\"] }\nfault = { type = \"delay\", delay = "
        "\"1s\" }"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
      WebSocketLab lab(rule);
      lab.http.piece = piece;
      lab.from_client("before");
      const auto before = WebSocketLab::frame("before", true);
      lab.http.client(first + close);
      lab.http.advance(2s);
      EXPECT_EQ(lab.server_bytes(), before + first + close) << rule;
      lab.http.client(last);
      lab.http.advance(2s);
      EXPECT_EQ(lab.server_bytes(), before + first + close + last) << rule;
    }
  }
}

TEST(WebSocket, RulesActOnMessagesUpToTheSizeLimit) {
  const std::string rule = "[[rule]]\nmatch = { opcode = \"binary\" }\nfault = { type = \"drop\" }";
  const auto limit = std::size_t{16} << 20;
  WebSocketLab lab(rule);
  const auto whole = WebSocketLab::frame(std::string(limit, 'x'), true, Opcode::kBinary);
  lab.http.client(whole);
  // A message of two frames has two frame headers.
  auto first = WebSocketLab::frame(std::string(limit - 9, 'x'), true, Opcode::kBinary);
  first[0] = '\x02';  // FIN = 0: more fragments follow
  auto second = WebSocketLab::frame(std::string(9, 'x'), true);
  second[0] = '\x80';  // a continuation frame with FIN = 1
  lab.http.client(first + second);
  EXPECT_EQ(lab.server_bytes(), "");
  EXPECT_EQ(lab.http.reports(), "");
  const auto more = WebSocketLab::frame(std::string(limit + 1, 'x'), true, Opcode::kBinary);
  lab.http.client(more);
  EXPECT_TRUE(lab.server_bytes() == more);
  EXPECT_EQ(lab.http.reports(), "not WebSocket\n");
}

TEST(WebSocket, OnlyWebSocketListenersHaveMessages) {
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { opcode = \"text\" }\nfault = { type = \"drop\" }",
                             "udp"),
            "no listener that the rule matches has messages");
  EXPECT_EQ(
      first_problem_of("[[rule]]\nmatch = { opcode = \"text\" }\nfault = { type = \"abort\" }",
                       "websocket"),
      "fault \"abort\" does not act on messages");
}

}  // namespace
}  // namespace brownout::test
