#include "rules/language/misplaced_keys.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(MisplacedKeys, AKeyOfTheRuleInItsFaultIsReported) {
  EXPECT_EQ(first_problem_of(
                "[[rule]]\nfault = { type = \"loss\", loss = \"1%\", probability = \"5%\" }"),
            "\"probability\" is a key of the [[rule]], not of its fault");
}

TEST(MisplacedKeys, APresetInAFaultIsReported) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { preset = \"3g\" }"), "fault needs \"type\"");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"preset\" }"),
            "preset is not the type of a fault");
}

TEST(MisplacedKeys, APresetActsOnConnectionsAndNotOnRequests) {
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { path = \"/x\" }\npreset = \"3g\"", "http"),
            "preset \"3g\" does not act on HTTP requests");
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { topic = \"x\" }\npreset = \"3g\"", "mqtt"),
            "preset \"3g\" does not act on messages");
}

}  // namespace
}  // namespace brownout::test
