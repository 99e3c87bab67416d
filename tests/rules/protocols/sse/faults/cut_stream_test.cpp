#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string cut_rule(const std::string& match, const std::string& close) {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"cut_stream\", close = \"" +
         close + "\" }";
}

TEST(CutStream, LosesTheTerminalEventAndAllBehindIt) {
  for (const auto& [close, closed, ends] :
       {std::tuple("fin", "fin", 0), {"rst", "reset", 0}, {"end", "", 1}}) {
    MessageLab lab("sse", cut_rule("text = \"[DONE]\"", close));
    lab.from_server("data: one\n\ndata: [DONE]\n\ndata: more\n\n");
    EXPECT_EQ(lab.at_client(), "data: one\n\n");
    EXPECT_EQ(lab.closed, closed);
    EXPECT_EQ(lab.client_ends, ends);
    lab.from_server("data: more\n\n");
    lab.server_finishes();
    EXPECT_EQ(lab.at_client(), "");
    EXPECT_EQ(lab.injected, 1);
  }
}

TEST(CutStream, ActsAfterANumberOfLines) {
  MessageLab lab("ndjson", cut_rule("after = 2", "end"));
  lab.from_server("1\n2\n3\n4\n");
  EXPECT_EQ(lab.at_client(), "1\n2\n");
  EXPECT_EQ(lab.client_ends, 1);
}

TEST(CutStream, KeepsTheEndWhenTheRuleGoesAway) {
  MessageLab lab("sse", cut_rule("", "end"));
  lab.from_server("data: one\n\n");
  lab.set_rules("");
  lab.from_server("data: two\n\n");
  lab.server_finishes();
  EXPECT_EQ(lab.at_client(), "");
  EXPECT_EQ(lab.client_ends, 1);
}

TEST(CutStream, IsOnlyForBodies) {
  EXPECT_NE(first_problem_of(cut_rule("", "end"), "mqtt"), "");
  EXPECT_EQ(first_problem_of(cut_rule("", "end"), "grpc"), "");
}

}  // namespace
}  // namespace brownout::test
