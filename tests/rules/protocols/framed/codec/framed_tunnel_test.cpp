// Tests in-house protocols (protocol = "framed") in a MessageTunnel, with input cut into pieces of
// several sizes.
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

struct Case {
  std::string framing;
  std::string stream;
};

const std::vector<Case> kCases{
    {R"(delimiter = "\n")", "one\n\ntwo\nthr"},
    {R"(delimiter = "\r\n\r\n")", "one\r\n\r\r\n\r\ntwo\n\r\n\r\n\r\n\r\n"},
    {"width = 1", std::string("\x03one\x00\x05", 6) + "three\x09half"},
    {"width = 2, endianness = \"little\"", std::string("\x03\x00one\x00\x00", 7)},
    {"offset = 2, width = 4, includes_header = true",
     std::string("ab\x00\x00\x00\x09one", 9) + std::string("cd\x00\x00\x00\x06", 6)}};

TEST(FramedTunnel, PassesUnmatchedMessagesUnchanged) {
  const std::string elsewhere =
      "[[rule]]\nmatch = { text = \"none such\" }\nfault = { type = \"drop\" }";
  for (const auto& [framing, stream] : kCases) {
    for (const auto& rules : {std::string(), elsewhere}) {
      for (const std::size_t piece : {1U, 2U, 3U, 5U, 1000U}) {
        MessageLab lab("framed", rules, "framing = { " + framing + " }", piece);
        lab.from_client(stream);
        lab.client_finishes();
        EXPECT_EQ(lab.at_server(), stream) << framing << " in pieces of " << piece;
        EXPECT_EQ(lab.reports, "");
      }
    }
  }
}

TEST(FramedTunnel, MatchesMessagesByKind) {
  MessageLab lab("framed", R"([[rule]]
match = { kind = ["GE?", "P*"], direction = "upstream" }
fault = { type = "drop" }
[[rule]]
fault = { type = "ack_loss" })",
                 R"=(framing = { delimiter = "\n", kind = '"op":"([A-Z]+)"', acks = ["OK"] })=");
  lab.from_client("{\"op\":\"GET\"}\n{\"op\":\"SET\"}\n{\"op\":\"PUT\"}\nnothing\n");
  EXPECT_EQ(lab.at_server(), "{\"op\":\"SET\"}\nnothing\n");
  lab.from_server("{\"op\":\"OK\"}\n{\"op\":\"NO\"}\n");
  EXPECT_EQ(lab.at_client(), "{\"op\":\"NO\"}\n");
}

TEST(FramedTunnel, FramesAChangedMessageAgain) {
  MessageLab lab("framed", "[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }",
                 "framing = { offset = 1, width = 2, includes_header = true }");
  lab.from_client(std::string("#\x00\x08three", 8));
  EXPECT_EQ(lab.at_server(), std::string("#\x00\x05th", 5));
}

TEST(FramedTunnel, RejectAnswersWithAFramedText) {
  MessageLab lab("framed",
                 "[[rule]]\nmatch = { text = \"PUT*\" }\nfault = { type = \"reject\", text = "
                 "\"BUSY\" }",
                 R"(framing = { delimiter = "\r\n" })");
  lab.from_client("PUT 1\r\nGET 1\r\n");
  EXPECT_EQ(lab.at_client(), "BUSY\r\n");
  EXPECT_EQ(lab.at_server(), "GET 1\r\n");
}

TEST(FramedTunnel, LimitsThePayloadToSixteenMebibytes) {
  const std::string most(16 << 20, 'x');
  const std::string rule = "[[rule]]\nmatch = { text = \"x*\" }\nfault = { type = \"drop\" }";
  MessageLab delimited("framed", rule, R"(framing = { delimiter = "\r\n" })");
  delimited.from_client(most + "\r\nshort\r\n");
  EXPECT_EQ(delimited.at_server(), "short\r\n");
  delimited.from_client(most + "xyz");
  EXPECT_EQ(delimited.reports, "not of this framing: a message of more than 16 MiB\n");
  MessageLab counted("framed", rule, "framing = { width = 4 }");
  counted.from_client(std::string("\x01\x00\x00\x00", 4) + most);
  EXPECT_EQ(counted.at_server(), "");
  EXPECT_EQ(counted.reports, "");
}

TEST(FramedTunnel, AChangedMessageStaysOneMessage) {
  MessageLab cut("framed", "[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }",
                 R"(framing = { delimiter = "\n\n" })");
  cut.from_client("a\nbcd\n\n");
  EXPECT_EQ(cut.at_server(), "a\n\n");
  MessageLab other("framed", "[[rule]]\nfault = { type = \"replace\", text = \"x\\ny\" }",
                   R"(framing = { delimiter = "\n" })");
  other.from_client("abc\n");
  EXPECT_EQ(other.at_server(), "x\n");
  // Each byte differs from the delimiter in one bit.
  const std::string near(2000, '\x0b');
  MessageLab flipped("framed",
                     "[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\" }",
                     R"(framing = { delimiter = "\n" })");
  flipped.from_client(near + "\n");
  const auto got = flipped.at_server();
  EXPECT_EQ(got.size(), near.size() + 1);
  EXPECT_EQ(got.find('\n'), near.size());
  EXPECT_NE(got, near + "\n");
}

TEST(FramedTunnel, PassesBytesAfterAnImpossibleLength) {
  MessageLab lab("framed", "[[rule]]\nfault = { type = \"drop\" }",
                 "framing = { width = 2, includes_header = true }");
  lab.from_client(std::string("\x00\x03x\x00\x01more", 9));
  EXPECT_EQ(lab.at_server(), std::string("\x00\x01more", 6));
  EXPECT_EQ(lab.reports, "not of this framing: a length that is smaller than its header\n");
}

TEST(FramedTunnel, RulesActOnAMessageOfExactlyTheLimit) {
  const std::string rule = "[[rule]]\nfault = { type = \"drop\" }";
  const std::string payload(std::size_t{16} << 20, 'x');
  MessageLab lines("framed", rule, R"(framing = { delimiter = "\r\n" })");
  lines.from_client(payload + "\r\n" + "y\r\n");
  EXPECT_EQ(lines.at_server(), "");
  lines.from_client(payload + "x\r\n");
  EXPECT_TRUE(lines.at_server() == payload + "x\r\n");
  MessageLab counted("framed", rule, "framing = { width = 4 }");
  counted.from_client(std::string("\x01\0\0\0", 4) + payload);
  EXPECT_EQ(counted.at_server(), "");
}

std::string problem(const std::string& framing) {
  const auto text =
      "[[upstream]]\nname = \"u\"\nservers = [\"127.0.0.1:1\"]\n[[listener]]\nname = "
      "\"l\"\nlisten = \"127.0.0.1:0\"\nupstream = \"u\"\n" +
      framing;
  const auto config = rules::load_toml("version = 1\n" + text);
  return config ? "" : config.error().sorted().front().what;
}

TEST(FramedTunnel, RejectsBadFramings) {
  const std::string framed = "protocol = \"framed\"\n";
  EXPECT_EQ(problem(framed), "a listener with protocol = \"framed\" needs \"framing\"");
  EXPECT_EQ(problem("framing = { width = 2 }"),
            "framing is only for listeners with protocol = \"framed\"");
  EXPECT_EQ(problem(framed + "framing = { offset = 2 }"),
            "framing needs \"delimiter\" or \"width\"");
  EXPECT_EQ(problem(framed + "framing = { width = 9 }"), "width is more than 8 bytes");
  EXPECT_EQ(problem(framed + "framing = { width = 2, delimiter = \"x\" }"),
            "width applies to a length, not to a delimiter");
  EXPECT_EQ(problem(framed + "framing = { width = 2, acks = [\"A\"] }"),
            "acks needs \"kind\", the regular expression that finds the kind of a message");
  EXPECT_EQ(problem(framed + "framing = { width = 2, kind = \"(\" }"),
            "kind: \"(\" is not a regular expression: missing ): (");
  EXPECT_EQ(problem(framed + "framing = { width = 2 }"), "");
}

}  // namespace
}  // namespace brownout::test
