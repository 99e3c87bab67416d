#include "rules/rehearsal/probe_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

// Returns the problems of a probe of this kind, with their hints, one a line.
std::string problems_of(const std::string& kind, const std::string& keys) {
  const auto config = rules::load_toml(
      "version = 1\n[[listener]]\nname = \"a\"\nlisten = \"127.0.0.1:2\"\nupstream = "
      "\"127.0.0.1:1\"\n"
      "[scenario]\nname = \"x\"\n[[phase]]\nname = \"p\"\nfor = \"1s\"\n"
      "[[probe]]\nname = \"users\"\nendpoints = \"127.0.0.1:1\"\nkind = \"" +
      kind + "\"\n" + keys);
  std::string text;
  if (config) return text;
  for (const auto& problem : config.error().sorted())
    text += problem.what + " | " + problem.hint + "\n";
  return text;
}

TEST(ProbeKeys, AKeyThatTheKindDoesNotHaveIsAnError) {
  EXPECT_EQ(problems_of("tcp", "http = \"2\""),
            "tcp probes have no key \"http\" | leave it out; kinds of probes that have it: http, "
            "sse\n");
  EXPECT_EQ(problems_of("http", "service = \"shop\""),
            "http probes have no key \"service\" | leave it out; kinds of probes that have it: "
            "grpc\n");
  EXPECT_EQ(problems_of("redis", "topic = \"a\""),
            "redis probes have no key \"topic\" | leave it out; kinds of probes that have it: "
            "mqtt, kafka\n");
  EXPECT_EQ(
      problems_of("dns", "qname = \"a.test\"\nresolve = \"b.test\"\nresolver = \"127.0.0.1:2\""),
      "dns probes have no key \"resolve\" | leave it out; kinds of probes that have it: all "
      "but dns, exec\n"
      "dns probes have no key \"resolver\" | leave it out; kinds of probes that have it: all "
      "but dns, exec\n");
  EXPECT_THAT(problems_of("tcp", "user_name = \"ann\""),
              HasSubstr("kinds of probes that have it: postgres, messaging protocols"));
}

TEST(ProbeKeys, AnUnknownKindIsOneMistake) {
  EXPECT_THAT(problems_of("htpp", "path = \"/x\""), HasSubstr("unknown value \"htpp\""));
  EXPECT_THAT(problems_of("htpp", "path = \"/x\""), testing::Not(HasSubstr("no key")));
}

TEST(ProbeKeys, EachKindTakesItsOwnKeys) {
  EXPECT_EQ(problems_of("http", "http = \"2\"\nbody = \"ok\"\nca = \"ca.pem\"\nreuse = false"), "");
  EXPECT_EQ(problems_of("sse", "http = \"2\"\npath = \"/events\"\nnumber = \"/seq\""), "");
  EXPECT_THAT(problems_of("sse", "number = \"seq\""), HasSubstr("seq"));
  EXPECT_EQ(problems_of("tls", "sni = \"a.test\"\nca = \"ca.pem\""), "");
  EXPECT_EQ(problems_of("kafka", "topic = \"a\"\nacks = \"1\"\nsession_timeout = \"6s\""), "");
  EXPECT_THAT(problems_of("kafka", "acks = 1"), HasSubstr("acks"));
  EXPECT_EQ(problems_of("postgres", "database = \"shop\"\nuser_name = \"ann\"\nca = \"ca.pem\""),
            "");
}

// The table must not name a key that [[probe]] does not have.
TEST(ProbeKeys, TheTableAndTheSchemaAgree) {
  for (const auto& key : rules::keys_of_some_probes()) {
    SCOPED_TRACE(key.name);
    const auto& fields = rules::probe_fields();
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& known) { return known.name == key.name; });
    ASSERT_NE(field, fields.end());
    EXPECT_FALSE(key.kinds.empty());
    const auto kind = std::string(key.kinds.front().name());
    EXPECT_THAT(field->meaning, testing::AnyOf(HasSubstr(kind), HasSubstr("all but"),
                                               HasSubstr("messaging protocols")));
  }
}

}  // namespace
}  // namespace brownout::test
