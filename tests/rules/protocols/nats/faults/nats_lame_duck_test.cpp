#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

using namespace std::chrono_literals;

const std::string kLameDuck = R"([[rule]]
fault = { type = "nats_lame_duck", grace = "3s" })";

TEST(NatsLameDuck, AnnouncesTheShutdownAndClosesAfterTheGracePeriod) {
  MessageLab lab("nats", kLameDuck);
  lab.from_server("INFO {\"server_id\":\"N\",\"max_payload\":10}\r\n");
  EXPECT_EQ(lab.at_client(), "INFO {\"server_id\":\"N\",\"max_payload\":10}\r\n");
  lab.from_server("PING\r\n");
  EXPECT_EQ(lab.at_client(),
            "INFO {\"server_id\":\"N\",\"max_payload\":10,\"ldm\":true}\r\nPING\r\n");
  lab.pass(2999ms);
  lab.from_server("MSG a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_client(), "MSG a 1 2\r\nhi\r\n");
  EXPECT_EQ(lab.closed, "");
  lab.pass(1ms);
  EXPECT_EQ(lab.closed, "fin");
  EXPECT_EQ(lab.injected, 1);
}

TEST(NatsLameDuck, AnnouncesToAConnectedClient) {
  MessageLab lab("nats");
  lab.from_server("INFO {\"server_id\":\"N\"}\r\n");
  lab.at_client();
  lab.set_rules(kLameDuck);
  lab.from_server("PONG\r\n");
  EXPECT_EQ(lab.at_client(), "INFO {\"server_id\":\"N\",\"ldm\":true}\r\nPONG\r\n");
}

}  // namespace
}  // namespace brownout::test
