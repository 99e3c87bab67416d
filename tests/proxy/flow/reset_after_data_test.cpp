// Tests how faults close connections by RST without losing the data that they let pass.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

std::string downstream(const std::string& text) {
  return fault(text, "direction = \"downstream\"");
}

TEST(ResetAfterData, TheClientGetsTheBytesThatLimitDataLetsPass) {
  ProxyWorld world(downstream("\"limit_data\", bytes = \"1000 B\", close = \"rst\""));
  for (int i = 0; i < 20; ++i) {
    const auto client = world.connect();
    send_all(client, std::string(5000, 'x'));
    const auto received = receive(client);
    ASSERT_EQ(received.bytes.size(), 1000U);
    ASSERT_EQ(received.ending, Ending::kReset);
  }
}

TEST(ResetAfterData, TheClientGetsTheGarbage) {
  ProxyWorld world(downstream("\"garbage\", bytes = \"1 MiB\", close = \"rst\""));
  const auto client = world.connect();
  send_all(client, "x");
  const auto received = receive(client);
  EXPECT_EQ(received.bytes.size(), 1U << 20);
  EXPECT_EQ(received.ending, Ending::kReset);
}

// Most of the bytes are still in the kernel or in the proxy when the fault closes.
TEST(ResetAfterData, AClientThatReadsLateGetsAllBytes) {
  ProxyWorld world(downstream("\"limit_data\", bytes = \"8 MB\", close = \"rst\""));
  const auto client = world.connect();
  std::thread writer([&] { send_all(client, std::string(9'000'000, 'x')); });
  world.let_workers_turn();
  const auto received = receive(client);
  writer.join();
  EXPECT_EQ(received.bytes.size(), 8'000'000U);
  EXPECT_EQ(received.ending, Ending::kReset);
}

TEST(ResetAfterData, TheServerGetsItsBytesAndTheResetToo) {
  const TestServer server;
  ProxyWorld world(
      fault("\"limit_data\", bytes = \"4 B\", close = \"rst\"", "direction = \"upstream\""),
      {.servers = server.address()});
  const auto client = world.connect();
  const auto served = server.accept();
  send_all(client, "hello");
  const auto received = receive(served);
  EXPECT_EQ(received.bytes, "hell");
  EXPECT_EQ(received.ending, Ending::kReset);
  EXPECT_EQ(receive(client).ending, Ending::kReset);
}

// The reset waits only for a limited time.
TEST(ResetAfterData, AClientThatNeverReadsIsResetInTheEnd) {
  const TestServer server;
  ProxyWorld world(downstream("\"limit_data\", bytes = \"1 MB\", close = \"rst\""),
                   {.servers = server.address()});
  const auto client = world.connect();
  const int small = 4096;
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const auto served = server.accept();
  std::thread writer([&] { send_all(served, std::string(1'100'000, 'x')); });
  EXPECT_TRUE(eventually([&] {
    return world.on_control(
        [&] { return world.engine().listeners().front().view->stats->open.load() == 0; });
  }));
  writer.join();
  EXPECT_EQ(receive(served).ending, Ending::kReset);
}

}  // namespace
}  // namespace brownout::test
