// Tests the configuration of STARTTLS: on both sides or on neither, and only for protocols that
// have STARTTLS.
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"

namespace brownout::test {
namespace {

// The first error, or "".
std::string mistake(const std::string& protocol, const std::string& listener,
                    const std::string& upstream) {
  const auto config = rules::load_toml(
      "version = 1\n[[upstream]]\nname = \"u\"\nservers = "
      "[\"127.0.0.1:5222\"]\n" +
      upstream +
      "\n[[listener]]\nname = \"l\"\nlisten = "
      "\"127.0.0.1:0\"\nupstream = \"u\"\nprotocol = \"" +
      protocol + "\"\n" + listener);
  return config ? "" : config.error().sorted().front().what;
}

TEST(Starttls, MustBeOnBothSidesOrOnNeither) {
  const std::string client = "tls = { starttls = true, ca = \"ca\" }";
  const std::string server = "tls = { starttls = true }";
  EXPECT_EQ(mistake("xmpp", client, server), "");
  EXPECT_EQ(mistake("xmpp", "", ""), "");
  EXPECT_EQ(mistake("xmpp", "tls = { ca = \"ca\" }", "tls = {}"), "");
  EXPECT_EQ(mistake("xmpp", client, "tls = {}"), "starttls must be on both sides or on neither");
  EXPECT_EQ(mistake("xmpp", "", server), "starttls must be on both sides or on neither");
  EXPECT_EQ(mistake("tcp", "", server), "starttls must be on both sides or on neither");
  EXPECT_EQ(mistake("mqtt", client, server), "starttls is for xmpp, nats and postgres listeners");
}

}  // namespace
}  // namespace brownout::test
