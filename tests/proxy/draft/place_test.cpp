#include "proxy/draft/place.h"

#include <gmock/gmock.h>

#include "proxy/draft/usual_ports.h"
#include "rules/language/presets.h"
#include "rules/match/protocol.h"
#include "tests/support/draft_checks.h"

namespace brownout::draft {
namespace {

using test::text_or_error;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(NewRuleFile, IsValidForEveryProtocolAndHasOneRuleThatActs) {
  for (const auto name : rules::Protocol::names()) {
    SCOPED_TRACE(name);
    const auto text = text_or_error(
        draft_of({"127.0.0.1:7001", {"127.0.0.1:7000", "127.0.0.1:7002"}, std::string(name)}));
    EXPECT_THAT(text, HasSubstr("\n[[rule]]\n"));
    EXPECT_THAT(text, HasSubstr("\n#[[rule]]\n#name = "));
    EXPECT_EQ(rules::load_toml(text)->rules.size(), 1U);
    EXPECT_GE(rules::load_toml(test::switched_on(text))->rules.size(), 3U);
  }
}

TEST(NewRuleFile, HasDefaultsForAllAnswers) {
  const auto text = text_or_error(draft_of(Place{}));
  EXPECT_THAT(text, HasSubstr("listen = \"127.0.0.1:8001\""));
  EXPECT_THAT(text, HasSubstr("upstream = \"127.0.0.1:8000\""));
  EXPECT_THAT(text, HasSubstr("fault = { type = \"latency\", delay = \"300ms\" }"));
}

TEST(NewRuleFile, HasTheUsualPortOfAMessagingProtocol) {
  const auto text = text_or_error(draft_of({"", {}, "mqtt"}));
  EXPECT_THAT(text, HasSubstr("listen = \"127.0.0.1:1884\""));
  EXPECT_THAT(text, HasSubstr("upstream = \"127.0.0.1:1883\""));
  for (const auto& known : kUsualPorts) {
    EXPECT_TRUE(rules::Protocol::named(known.protocol)) << known.protocol;
  }
}

TEST(NewRuleFile, ProposesRulesForTheProtocolOnly) {
  const auto http = text_or_error(draft_of({"", {}, "http"}));
  EXPECT_THAT(http, HasSubstr("type = \"abort\", status = 503"));
  EXPECT_THAT(http, Not(HasSubstr("servfail")));
  const auto dns = text_or_error(draft_of({"", {}, "dns"}));
  EXPECT_THAT(dns, HasSubstr("servfail"));
  EXPECT_THAT(dns, Not(HasSubstr("abort")));
}

TEST(NewRuleFile, NamesTheWrongAnswer) {
  EXPECT_THAT(text_or_error(draft_of({"nowhere", {}, ""})),
              StartsWith("error: the address for clients: \"nowhere\" has no port"));
  EXPECT_THAT(text_or_error(draft_of({"", {"10.0.0.1:99999"}, ""})),
              StartsWith("error: the address of the server: "));
  EXPECT_THAT(text_or_error(draft_of({"", {}, "htpp"})),
              StartsWith("error: unknown protocol \"htpp\" (did you mean \"http\"?"));
  EXPECT_THAT(text_or_error(draft_of({"127.0.0.1:80", {"127.0.0.1:80"}, ""})),
              HasSubstr("the listener forwards to itself"));
}

TEST(NewRuleFile, HasAMessagingOutageForEveryProtocolWithMessages) {
  std::size_t protocols = 0;
  for (const auto name : rules::Protocol::names()) {
    SCOPED_TRACE(name);
    const bool messages = !rules::Protocol::named(name)->messages().empty();
    const auto text =
        text_or_error(draft_of_preset({"", {}, std::string(name)}, "messaging-outage"));
    protocols += messages ? 1 : 0;
    if (messages) {
      EXPECT_THAT(text, HasSubstr("fault = { type = \"down\" }"));
      EXPECT_THAT(text, HasSubstr("fault = { type = \"drop\" }"));
    } else {
      EXPECT_THAT(text, StartsWith("error: messaging-outage needs a protocol with messages, and "
                                   "Brownout reads no messages in "));
    }
  }
  EXPECT_GE(protocols, 5U);
}

TEST(NewRuleFile, HasEverySimulatedNetwork) {
  for (const auto& preset : rules::all_presets()) {
    const auto draft = draft_of_preset(Place{}, std::string(preset.name));
    ASSERT_TRUE(draft);
    // A preset of DNS never acts at a listener of TCP, of which `check` warns.
    const auto text = text_of(*draft).value();
    test::expect_loads(text);
    EXPECT_THAT(text, HasSubstr("preset = \"" + std::string(preset.name) + "\""));
  }
  EXPECT_THAT(text_or_error(draft_of_preset(Place{}, "messaging-outrage")),
              StartsWith("error: unknown preset \"messaging-outrage\" (did you mean"));
}

}  // namespace
}  // namespace brownout::draft
