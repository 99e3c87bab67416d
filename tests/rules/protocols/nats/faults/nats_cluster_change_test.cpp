#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kChange = R"([[rule]]
fault = { type = "nats_cluster_change", connect_urls = ["127.0.0.1:4223", "127.0.0.1:4224"] })";

TEST(NatsClusterChange, InfoNamesTheServersOfTheRule) {
  MessageLab lab("nats", kChange);
  lab.from_server("INFO {\"connect_urls\":[\"10.0.0.1:4222\"],\"max_payload\":10}\r\nPING\r\n");
  EXPECT_EQ(lab.at_client(),
            "INFO {\"connect_urls\":[\"127.0.0.1:4223\",\"127.0.0.1:4224\"],\"max_payload\":10}\r\n"
            "PING\r\n");
  EXPECT_EQ(lab.injected, 1);
}

TEST(NatsClusterChange, SendsOneInfoToAConnectedClient) {
  MessageLab lab("nats");
  lab.from_server("INFO {\"max_payload\":10}\r\n");
  lab.at_client();
  lab.set_rules(kChange);
  lab.from_server("PONG\r\nPONG\r\n");
  EXPECT_EQ(lab.at_client(),
            "INFO {\"max_payload\":10,\"connect_urls\":[\"127.0.0.1:4223\",\"127.0.0.1:4224\"]}\r\n"
            "PONG\r\nPONG\r\n");
}

TEST(NatsClusterChange, PassesAnInfoThatIsNotJson) {
  MessageLab lab("nats", kChange);
  lab.from_server("INFO {\"broken\r\nPONG\r\n");
  EXPECT_EQ(lab.at_client(), "INFO {\"broken\r\nPONG\r\n");
}

}  // namespace
}  // namespace brownout::test
