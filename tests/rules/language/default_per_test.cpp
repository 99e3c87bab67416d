// Tests the unit for which a rule without `per` draws.
#include "rules/language/default_per.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string per_of(const std::string& fault, const std::string& protocol,
                   const std::string& match = "") {
  const auto config = config_of(
      "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"" + fault + "\" }", protocol);
  return std::string(rules::name_of(config.rules.front().per));
}

TEST(DefaultPer, AFaultOfMessagesDrawsForEachMessage) {
  for (const std::string fault :
       {"drop", "duplicate\", share = \"5%", "corrupt_message\", chance = \"5%"}) {
    for (const std::string protocol : {"sse", "mqtt", "redis", "kafka", "http", "dns"}) {
      EXPECT_EQ(per_of(fault, protocol), "message") << fault << " " << protocol;
    }
  }
  EXPECT_EQ(per_of("abort", "sse"), "request");
  EXPECT_EQ(per_of("nxdomain", "dns"), "query");
  EXPECT_EQ(per_of("latency\", delay = \"1s", "sse"), "connection");
}

TEST(DefaultPer, ADrawDecidesAboutASessionOfDatagrams) {
  EXPECT_EQ(per_of("drop", "udp"), "connection");
  const std::string both =
      "[[rule]]\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { listener = \"chat\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }\n"
      "[[listener]]\nname = \"datagrams\"\nprotocol = \"udp\"\nlisten = \"127.0.0.1:0\"\n"
      "upstream = \"127.0.0.1:1\"\n";
  const auto config = config_of(both, "mqtt");
  EXPECT_EQ(config.rules[0].per, rules::Per::kConnection);
  EXPECT_EQ(config.rules[1].per, rules::Per::kMessage);
  EXPECT_EQ(config.rules[2].per, rules::Per::kMessage);
}

}  // namespace
}  // namespace brownout::test
