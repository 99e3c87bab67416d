// `header` is a key of HTTP and of messages: which of them a rule means, the rest of it says.
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
  const auto config =
      rules::load_toml("version = 1\n[[upstream]]\nname = \"up\"\nservers = [\"127.0.0.1:9\"]\n" +
                       listener("http") + listener("nats") + "[[rule]]\nmatch = { " + match +
                       ", header = { Tenant = \"blue\" } }\nfault = { type = \"drop\" }\n");
  if (!config) return rules::config_error("mistakes");
  return *config;
}

// "http", "messages", "both", or "mistakes".
std::string meant(const std::string& match) {
  const auto config = loaded(match);
  if (!config) return "mistakes";
  const auto& rule = config->rules.front().match;
  if (rule.is_for_http() && rule.is_for_messages()) return "both";
  return rule.is_for_http() ? "http" : "messages";
}

TEST(SharedKey, IsOfWhatTheListenerHas) {
  EXPECT_EQ(meant("listener = \"http\""), "http");
  EXPECT_EQ(meant("listener = \"nats\""), "messages");
}

TEST(SharedKey, IsOfWhatTheOtherKeysAreOf) {
  EXPECT_EQ(meant("subject = \"a\""), "messages");
  EXPECT_EQ(meant("path = \"/a\""), "http");
  EXPECT_EQ(meant("direction = \"upstream\""), "http");
}

TEST(SharedKey, OfMessagesMatchesTheirHeaders) {
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
