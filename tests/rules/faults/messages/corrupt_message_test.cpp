#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/base/utf8.h"
#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(CorruptMessage, TheFrameStaysValid) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\" }");
  lab.from_client("hello");
  lab.from_server("hello");
  for (const auto& got : {lab.at_server(), lab.at_client()}) {
    EXPECT_EQ(got.size(), 11U);
    EXPECT_NE(got, "text:hello\n");
    EXPECT_THAT(got, testing::StartsWith("text:"));
  }
}

// RFC 6455, 8.1: invalid UTF-8 in a text message ends the connection.
TEST(CorruptMessage, TextStaysUtf8) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    for (const std::string each : {"byte", "chunk"}) {
      WebSocketLab lab(
          "[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\", each = \"" + each +
              "\" }",
          seed);
      lab.from_client(text);
      const auto got = WebSocketLab::data(lab.server_bytes());
      EXPECT_EQ(got.size(), text.size());
      EXPECT_NE(got, text);
      EXPECT_TRUE(rules::is_utf8(got)) << seed;
    }
  }
}

TEST(CorruptMessage, AnXmppBodyChangesAndItsElementStaysWellFormed) {
  for (const std::size_t piece : {1U, 1000U}) {
    const auto lab =
        bound_xmpp("[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\" }", piece);
    lab->from_client("<presence/><message to='b'><body>abc</body></message>");
    const auto got = lab->at_server();
    EXPECT_THAT(got, testing::StartsWith("<presence/><message to='b'><body>"));
    EXPECT_THAT(got, testing::EndsWith("</body></message>"));
    EXPECT_THAT(got, testing::Not(testing::HasSubstr("abc")));
    // A parser on another connection accepts the changed element.
    const auto other = bound_xmpp("", piece);
    other->from_client(got);
    EXPECT_EQ(other->reports, "");
  }
}

TEST(CorruptMessage, AMessageWithoutFlippedBitsPassesUnchanged) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"corrupt_message\", chance = \"0%\" }");
  // The message consists of two frames.
  const auto frame = [](std::string_view payload, rules::Opcode opcode, bool last) {
    auto bytes = WebSocketLab::frame(payload, true, opcode);
    if (!last) bytes[0] = static_cast<char>(bytes[0] & 0x7f);
    return bytes;
  };
  const auto sent = frame("he", rules::Opcode::kBinary, false) +
                    frame("llo", static_cast<rules::Opcode>(0), true);
  lab.http.client(sent);
  EXPECT_EQ(lab.server_bytes(), sent);
}

TEST(CorruptMessage, CorruptsHttpBodiesAndDnsAnswers) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "corrupt_message", chance = "100%" })");
  const auto got = lab.get("/");
  EXPECT_THAT(got, testing::StartsWith("200 "));
  EXPECT_EQ(got.size(), 9U);
  EXPECT_NE(got, "200 hello");
  DnsLab dns(
      "[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\", each = \"chunk\" }");
  EXPECT_EQ(dns.ask("x.example.org"), "NOERROR flipped");
}

}  // namespace
}  // namespace brownout::test
