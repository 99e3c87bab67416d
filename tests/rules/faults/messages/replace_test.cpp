#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::MqttType;

const std::string kReplaceRule = "[[rule]]\nfault = { type = \"replace\", text = \"<b>&\" }";

TEST(Replace, ReplacesTheMqttPayload) {
  MqttLab lab(kReplaceRule);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.from_client(MqttLab::publish("a", 1, 7), "something");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "connect\npublish a q1 #7 <b>&\npingreq\n");
  EXPECT_EQ(lab.injected, 1);
}

TEST(Replace, ReplacesTheXmppBodyWithEscapedText) {
  const auto lab = bound_xmpp(kReplaceRule);
  lab->from_client("<message to='b'><body>hi</body><x/></message><iq type='get' id='1'/>");
  EXPECT_EQ(lab->at_server(),
            "<message to='b'><body>&lt;b&gt;&amp;</body><x/></message><iq type='get' id='1'/>");
  lab->from_client("<message to='b'><body/></message>");
  EXPECT_EQ(lab->at_server(), "<message to='b'><body/></message>") << "the body is empty";
}

// XML 1.0, section 2.2, lists the allowed characters.
TEST(Replace, CharactersThatXmlForbidsAreReplaced) {
  const auto lab = bound_xmpp("[[rule]]\nfault = { type = \"replace\", text = \"a\\u0007b\" }");
  lab->from_client("<message to='b'><body>hi</body></message>");
  EXPECT_EQ(lab->at_server(),
            "<message to='b'><body>a\xef\xbf\xbd"
            "b</body></message>");
}

TEST(Replace, TheFrameFitsTheNewText) {
  MessageLab lab("framed", kReplaceRule, "framing = { width = 1, includes_header = true }");
  lab.from_server("\x03hi");
  EXPECT_EQ(lab.at_client(), "\x05<b>&");
}

TEST(Replace, ReplacesAnHttpResponseBody) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace", text = "other" })");
  EXPECT_EQ(lab.get("/"), "200 other");
}

TEST(Replace, ReplacesTheTxtRecordsOfADnsAnswer) {
  rules::DnsReply reply;
  const rules::DnsRecord address =
      rules::address_record("a", *rules::IpAddress::parse("192.0.2.1"), 1);
  reply.answer = {address, {.name = "a", .type = rules::DnsType::kTxt, .rdata = {2, 'h', 'i'}}};
  EXPECT_EQ(rules::replace_text(reply, "other"), 3);
  EXPECT_EQ(reply.answer[0], address);
  EXPECT_EQ(reply.answer[1].rdata, (std::vector<std::uint8_t>{5, 'o', 't', 'h', 'e', 'r'}));
  // A character string in a TXT record has at most 255 bytes (RFC 1035, 3.3).
  rules::replace_text(reply, std::string(300, 'x'));
  EXPECT_EQ(reply.answer[1].rdata.size(), 302U);
  EXPECT_EQ(reply.answer[1].rdata[0], 255);
  EXPECT_EQ(reply.answer[1].rdata[256], 45);
  rules::replace_text(reply, "");
  EXPECT_EQ(reply.answer[1].rdata, (std::vector<std::uint8_t>{0}));
  EXPECT_EQ(rules::replace_text(reply, std::string(70'000, 'x')), 0)
      << "the text is too long for a message";
}

TEST(Replace, ADnsAnswerWithoutTxtRecordsIsUnchanged) {
  DnsLab lab(kReplaceRule);
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
  EXPECT_EQ(lab.notes(), "");
}

}  // namespace
}  // namespace brownout::test
