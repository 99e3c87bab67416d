#include <gtest/gtest.h>

#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

std::string told_versions(const std::string& keys) {
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"kafka_api_versions\", " + keys + " }\n");
  lab.from_client(kafka_ask_versions(1));
  lab.from_server(kafka_versions(1, 12));
  return lab.at_client();
}

TEST(KafkaApiVersions, LimitsTheVersionsOfAnApi) {
  EXPECT_EQ(told_versions("api = \"Produce\", most = 7"), kafka_versions(1, 7));
}

TEST(KafkaApiVersions, RemovesAnApi) {
  const auto left = kafka_reply(1, kafka_int(0, 2) + kafka_int(1) + kafka_version_row(1, 4, 17));
  EXPECT_EQ(told_versions("api = \"Produce\""), left);
  EXPECT_EQ(told_versions("api = \"Produce\", most = 2"), left);
}

}  // namespace
}  // namespace brownout::test
