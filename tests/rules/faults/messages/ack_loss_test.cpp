#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::MqttType;

TEST(AckLoss, OnlyAcknowledgementsAreLost) {
  MqttLab lab("[[rule]]\nfault = { type = \"ack_loss\" }");
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_server(MqttLab::answer(MqttType::kConnack));
  lab.from_client(MqttLab::publish("a", 1, 1), "one");
  lab.from_server(MqttLab::answer(MqttType::kPuback, 1));
  lab.from_client(MqttLab::publish("a", 2, 2), "two");
  lab.from_server(MqttLab::answer(MqttType::kPubrec, 2));
  lab.from_client(MqttLab::answer(MqttType::kPubrel, 2));
  lab.from_server(MqttLab::answer(MqttType::kPubcomp, 2));
  lab.from_server({.type = MqttType::kSuback, .id = 3, .reasons = {0}});
  lab.from_server(MqttLab::answer(MqttType::kPingresp));
  EXPECT_EQ(lab.at_server(), "publish a q1 #1 one\npublish a q2 #2 two\n");
  EXPECT_EQ(lab.at_client(), "connack\nsuback #3\npingresp\n");
  EXPECT_EQ(lab.injected, 4);
}

TEST(AckLoss, MatchLimitsTheLossToOneKind) {
  MqttLab lab("[[rule]]\nmatch = { packet = \"pubcomp\" }\nfault = { type = \"ack_loss\" }");
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.from_server(MqttLab::answer(MqttType::kPubrec, 2));
  lab.from_server(MqttLab::answer(MqttType::kPubcomp, 2));
  EXPECT_EQ(lab.at_client(), "pubrec #2\n");
}

TEST(AckLoss, ProbabilityLimitsTheLossToAShare) {
  MqttLab lab("[[rule]]\nprobability = \"30%\"\nfault = { type = \"ack_loss\" }");
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  for (std::uint16_t id = 1; id <= 1000; ++id) {
    lab.from_server(MqttLab::answer(MqttType::kPuback, id));
  }
  EXPECT_NEAR(lab.injected, 300, 60);
}

TEST(AckLoss, TheServerGetsTheHttpRequestAndTheResponseIsLost) {
  HttpLab lab("[[rule]]\nfault = { type = \"ack_loss\" }");
  EXPECT_EQ(lab.get("/pay"), "(silence)");
  EXPECT_THAT(lab.to_server_bytes(), testing::HasSubstr("GET /pay"));
}

TEST(AckLoss, ForHttpAndDnsTheDirectionIsDownstream) {
  const std::string rule =
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"ack_loss\" }";
  EXPECT_EQ(first_problem_of(rule, "http"),
            "fault \"ack_loss\" acts on responses of HTTP, which go downstream");
  EXPECT_EQ(first_problem_of(rule, "dns"),
            "fault \"ack_loss\" acts on answers of DNS, which go downstream");
  EXPECT_EQ(first_problem_of(rule, "mqtt"), "");
}

TEST(AckLoss, TheResolverGetsTheQueryAndTheAnswerIsLost) {
  DnsLab lab("[[rule]]\nfault = { type = \"ack_loss\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "(lost)");
}

}  // namespace
}  // namespace brownout::test
