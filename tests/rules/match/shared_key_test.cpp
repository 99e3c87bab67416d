// Tests the match key `header`, which exists for HTTP and for messages. The rule's other keys and
// the listener decide which one is meant.
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

rules::Result<rules::Config> loaded(const std::string& match) {
  const auto listener = [](const std::string& protocol) {
    return "[[listener]]\nname = \"" + protocol +
           "\"\nlisten = \"127.0.0.1:0\"\nupstream = \"up\"\nprotocol = \"" + protocol + "\"\n";
  };
  const auto config = rules::load_toml(
      "version = 1\n[[upstream]]\nname = \"up\"\nservers = [\"127.0.0.1:9\"]\n" + listener("http") +
      listener("nats") + listener("sse") + "[[rule]]\nmatch = { " + match +
      ", header = { Tenant = \"blue\" } }\nfault = { type = \"drop\" }\n");
  if (!config) return rules::config_error("mistakes");
  return *config;
}

// The result is "http", "messages", "both" or "mistakes".
std::string owner_of_header(const std::string& match) {
  const auto config = loaded(match);
  if (!config) return "mistakes";
  const auto& rule = config->rules.front().match;
  if (rule.is_for_http() && rule.is_for_messages()) return "both";
  return rule.is_for_http() ? "http" : "messages";
}

TEST(SharedKey, BelongsToTheProtocolOfTheListener) {
  EXPECT_EQ(owner_of_header("listener = \"http\""), "http");
  EXPECT_EQ(owner_of_header("listener = \"nats\""), "messages");
}

TEST(SharedKey, BelongsToTheProtocolOfTheOtherKeys) {
  EXPECT_EQ(owner_of_header("subject = \"a\""), "messages");
  EXPECT_EQ(owner_of_header("path = \"/a\""), "http");
  EXPECT_EQ(owner_of_header("direction = \"upstream\""), "http");
}

// Events have no headers, but the request in whose response they are has.
TEST(SharedKey, BelongsToTheRequestBesideKeysOfMessagesWithoutHeaders) {
  EXPECT_EQ(owner_of_header("event = \"a\""), "both");
  EXPECT_EQ(owner_of_header("event = \"a\", subject = \"b\""), "mistakes");
}

TEST(SharedKey, MatchesHeadersOfMessages) {
  MessageLab lab("nats",
                 "[[rule]]\nmatch = { header = { Tenant = \"b*\" } }\n"
                 "fault = { type = \"drop\" }");
  lab.from_client("HPUB a 26 28\r\nNATS/1.0\r\nTenant: blue\r\n\r\nhi\r\n");
  lab.from_client("HPUB a 25 27\r\nNATS/1.0\r\nTenant: red\r\n\r\nhi\r\nPUB a 2\r\nhi\r\n");
  EXPECT_EQ(lab.at_server(),
            "HPUB a 25 27\r\nNATS/1.0\r\nTenant: red\r\n\r\nhi\r\nPUB a 2\r\nhi\r\n");
}

}  // namespace
}  // namespace brownout::test
