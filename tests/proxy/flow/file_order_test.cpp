// Tests that rules on messages and rules on bytes act in the order of the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "rules/language/warnings.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

constexpr std::string_view kLines = "protocol = \"framed\"\nframing = { delimiter = \"\\n\" }\n";

std::string up(const std::string& fault, const std::string& match = "") {
  return "[[rule]]\nmatch = { direction = \"upstream\"" + (match.empty() ? "" : ", " + match) +
         " }\nfault = { type = " + fault + " }\n";
}

const std::string kDrop = up("\"drop\"", "text = \"lost*\"");
const std::string kLimit = up("\"limit_data\", bytes = \"10 B\"");

struct Lines {
  explicit Lines(const std::string& rules)
      : proxy(rules, {.listener = std::string(kLines), .servers = port.address()}),
        client(proxy.connect()),
        server(port.accept()) {}

  TestServer port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FileOrder, AByteRuleAheadCountsMessagesBeforeTheyAreDropped) {
  const Lines world(kLimit + kDrop);
  send_all(world.client, "lost 1\nkept\n");
  const auto arrived = receive(world.server);
  EXPECT_EQ(arrived.bytes, "kep");
  EXPECT_EQ(arrived.ending, Ending::kFin);
  EXPECT_EQ(receive(world.client).ending, Ending::kFin);
}

TEST(FileOrder, AByteRuleBehindCountsOnlyMessagesThatPassed) {
  const Lines world(kDrop + kLimit);
  send_all(world.client, "lost 1\nkept\nlost 2\nkept too\n");
  const auto arrived = receive(world.server);
  EXPECT_EQ(arrived.bytes, "kept\nkept ");
  EXPECT_EQ(arrived.ending, Ending::kFin);
}

TEST(FileOrder, MessagesAreDecodedFromTheOutputOfTheStagesAhead) {
  const Lines world(up("\"slicer\", size = \"1 B\", delay = \"1us\"") + kDrop);
  send_all(world.client, "kept\nlost\nkept too\n");
  EXPECT_EQ(receive(world.server, 14).bytes, "kept\nkept too\n");
}

TEST(FileOrder, AHalfClosePassesAllPartsOfAPipe) {
  const Lines world(up("\"latency\", delay = \"1ms\"") + kDrop +
                    up("\"latency\", delay = \"1ms\""));
  send_all(world.client, "kept\nlost\n");
  shutdown(world.client.get(), SHUT_WR);
  const auto arrived = receive(world.server);
  EXPECT_EQ(arrived.bytes, "kept\n");
  EXPECT_EQ(arrived.ending, Ending::kFin);
}

TEST(FileOrder, ANewMessageRuleMovesAByteRuleBehindItWithItsState) {
  Lines world(kLimit);
  send_all(world.client, "lost 1\n");
  EXPECT_EQ(receive(world.server, 7).bytes, "lost 1\n");
  world.proxy.reload(kDrop + kLimit);
  send_all(world.client, "lost 2\nkept\n");
  // The fault limit_data has already counted the 7 bytes above.
  EXPECT_EQ(receive(world.server).bytes, "kep");
}

std::string warnings(const std::string& listener, const std::string& rules) {
  const auto text =
      "version = 1\n[[upstream]]\nname = \"up\"\nservers = [\"127.0.0.1:9\"]\n"
      "[[listener]]\nname = \"in\"\nlisten = \"127.0.0.1:0\"\nupstream = \"up\"\n" +
      listener + rules;
  const auto config = rules::load_toml(text);
  if (!config) return "(mistakes)";
  return rules::render(rules::warnings_of(*config), "rules.toml", text, "warning");
}

TEST(FileOrder, CheckWarnsWhereFileOrderCannotBeKept) {
  const std::string latency =
      "[[rule]]\nname = \"slow\"\nfault = { type = \"latency\", delay = \"1s\" }\n";
  const std::string drop = "[[rule]]\nname = \"lost\"\nfault = { type = \"drop\" }\n";
  const std::string copy =
      "[[rule]]\nname = \"copy\"\nfault = { type = \"duplicate\", share = \"50%\" }\n";
  EXPECT_EQ(warnings(std::string(kLines), latency + drop), "");
  EXPECT_EQ(warnings(std::string(kLines), drop + copy + latency), "");
  EXPECT_THAT(warnings(std::string(kLines), drop + latency + copy),
              testing::HasSubstr("rule \"copy\" acts before rule \"slow\" at listener \"in\", "
                                 "although it is later in the file"));
  EXPECT_EQ(warnings("protocol = \"http\"\n", drop + latency), "");
  EXPECT_THAT(warnings("protocol = \"http\"\n", latency + drop),
              testing::HasSubstr("rule \"lost\" acts before rule \"slow\""));
}

}  // namespace
}  // namespace brownout::test
