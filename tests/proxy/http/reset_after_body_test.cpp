// Tests how faults on HTTP listeners close connections by RST without losing the data that they let
// pass.
#include <gtest/gtest.h>

#include "tests/support/http_world.h"

namespace brownout::test {
namespace {

// Sends a request whose response is long, and reads it late, when most bytes are still in the
// kernel or in the proxy.
Received read_late(HttpWorld& world) {
  const std::string body(4'000'000, 'x');
  const auto client = world.proxy.connect();
  std::thread writer([&] {
    send_all(client, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  world.proxy.let_workers_turn();
  auto received = receive(client);
  writer.join();
  return received;
}

TEST(ResetAfterBody, TheClientGetsThePartThatTruncateBodyLetsPass) {
  HttpWorld world(
      fault("\"truncate_body\", after = \"2 MB\", close = \"rst\"", "direction = \"downstream\""));
  const auto received = read_late(world);
  const auto head = received.bytes.find("\r\n\r\n") + 4;
  EXPECT_EQ(received.bytes.size() - head, 2'000'000U);
  EXPECT_EQ(received.ending, Ending::kReset);
}

TEST(ResetAfterBody, TheClientGetsTheBytesThatLimitDataLetsPass) {
  for (const auto& [close, ending] : {std::pair("rst", Ending::kReset), {"fin", Ending::kFin}}) {
    HttpWorld world(
        fault("\"limit_data\", bytes = \"3 MB\", close = \"" + std::string(close) + "\"",
              "direction = \"downstream\""));
    const auto received = read_late(world);
    EXPECT_EQ(received.bytes.size(), 3'000'000U);
    EXPECT_EQ(received.ending, ending) << close;
  }
}

}  // namespace
}  // namespace brownout::test
