#include <gtest/gtest.h>

#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::MqttType;

const std::string kRule = "[[rule]]\nfault = { type = \"replace\", text = \"<b>&\" }";

TEST(Replace, WhatMqttPublishes) {
  MqttLab lab(kRule);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.from_client(MqttLab::publish("a", 1, 7), "something");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "connect\npublish a q1 #7 <b>&\npingreq\n");
  EXPECT_EQ(lab.injected, 1);
}

TEST(Replace, TheBodyOfXmppWrittenAsXml) {
  const auto lab = bound_xmpp(kRule);
  lab->from_client("<message to='b'><body>hi</body><x/></message><iq type='get' id='1'/>");
  EXPECT_EQ(lab->at_server(),
            "<message to='b'><body>&lt;b&gt;&amp;</body><x/></message><iq type='get' id='1'/>");
  lab->from_client("<message to='b'><body/></message>");
  EXPECT_EQ(lab->at_server(), "<message to='b'><body/></message>") << "it says nothing";
}

TEST(Replace, InsideItsFrame) {
  MessageLab lab("framed", kRule, "framing = { width = 1, includes_header = true }");
  lab.from_server("\x03hi");
  EXPECT_EQ(lab.at_client(), "\x05<b>&");
}

TEST(Replace, TheBodyOfAResponse) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace", text = "other" })");
  EXPECT_EQ(lab.get("/"), "200 other");
}

}  // namespace
}  // namespace brownout::test
