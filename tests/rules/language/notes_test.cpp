// Tests the warnings about settings that are valid but have no effect, or may mean another value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/warnings.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The warnings of a file with one listener of this protocol, one a line.
std::string warnings(const std::string& rules_text, const std::string& protocol = "tcp") {
  std::string text;
  for (const auto& warning : rules::warnings_of(config_of(rules_text, protocol)).sorted()) {
    text += warning.what + "\n";
  }
  return text;
}

std::string of_fault(const std::string& keys, const std::string& protocol = "tcp") {
  return warnings("[[rule]]\nname = \"r\"\nfault = { type = " + keys + " }\n", protocol);
}

TEST(Notes, AKeyOfDatagramsHasNoEffectOnStreams) {
  const std::string queue = "\"bandwidth\", rate = \"1 MB/s\", queue = \"10 KB\"";
  EXPECT_EQ(of_fault(queue),
            "rule \"r\": queue has no effect: no listener that the rule matches has UDP "
            "sessions\n");
  EXPECT_THAT(of_fault(queue, "udp"), IsEmpty());
  EXPECT_THAT(of_fault("\"loss\", loss = \"1%\", rtt = \"10ms\"", "udp"),
              HasSubstr("rtt has no effect"));
  EXPECT_THAT(of_fault("\"loss\", loss = \"1%\", rtt = \"10ms\""), IsEmpty());
}

TEST(Notes, APresetOfDnsNeedsADnsListener) {
  const std::string preset = "[[rule]]\npreset = \"nlc-high-latency-dns\"\n";
  EXPECT_THAT(warnings(preset), HasSubstr("preset \"nlc-high-latency-dns\" never acts: "));
  EXPECT_THAT(warnings(preset, "dns"), IsEmpty());
  EXPECT_THAT(warnings("[[rule]]\nmatch = { qname = \"example.org\" }\n"
                       "fault = { type = \"latency\", delay = \"1s\" }\n"),
              HasSubstr("fault \"latency\" never acts: "));
}

TEST(Notes, ABareOneIsAHundredPercent) {
  EXPECT_EQ(of_fault("\"loss\", loss = 1"), "rule \"r\": loss = 1 means 100%\n");
  EXPECT_THAT(of_fault("\"loss\", loss = \"100%\""), IsEmpty());
  EXPECT_THAT(of_fault("\"loss\", loss = 0.01"), IsEmpty());
  EXPECT_THAT(warnings("[[rule]]\nprobability = 1\nfault = { type = \"unplug\" }\n"), IsEmpty());
}

TEST(Notes, ADollarInAnEditIsNoGroup) {
  const auto with = [](const std::string& text) {
    return of_fault("\"edit_body\", regex = '(a)', with = '" + text + "'", "http");
  };
  EXPECT_THAT(with("<$1>"), HasSubstr("with: \"$1\" is inserted as it is"));
  EXPECT_THAT(with("${1}"), HasSubstr("with: \"${\" is inserted as it is"));
  EXPECT_THAT(with("\\1 $ US$"), IsEmpty());
}

}  // namespace
}  // namespace brownout::test
