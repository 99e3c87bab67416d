// Tests that the key `http` of an [[upstream]] is refused where no HTTP is parsed.
#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(UpstreamHttp, OnlyListenersOfHttpCanUseIt) {
  const auto problem = [](const std::string& protocol, const std::string& version) {
    return first_problem_of(
        "[[upstream]]\nname = \"new\"\nservers = [\"127.0.0.1:2\"]\nhttp = \"" + version +
            "\"\n[[listener]]\nname = \"l\"\nlisten = \"127.0.0.1:3\"\nupstream "
            "= \"new\"\nprotocol = \"" +
            protocol + "\"\n",
        protocol);
  };
  for (const std::string protocol : {"http", "websocket", "grpc", "sse"}) {
    EXPECT_EQ(problem(protocol, "2"), "") << protocol;
  }
  for (const std::string protocol : {"redis", "tcp", "tls", "mqtt", "udp"}) {
    EXPECT_EQ(problem(protocol, "auto"), "") << protocol;
    EXPECT_EQ(
        problem(protocol, "2"),
        protocol +
            " cannot go to an upstream with http = \"2\": the key http is only for http listeners");
    EXPECT_NE(problem(protocol, "1"), "") << protocol;
  }
}

}  // namespace
}  // namespace brownout::test
