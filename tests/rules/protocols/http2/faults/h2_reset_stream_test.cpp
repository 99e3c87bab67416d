// Tests h2_reset_stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

std::string reset_rule(const std::string& keys) {
  return "[[rule]]\nmatch = { path = \"/bad\" }\nfault = { type = \"h2_reset_stream\"" + keys +
         " }\n";
}

TEST(H2ResetStream, EndsOneStreamInPlaceOfItsHeaders) {
  H2ClientLab lab(reset_rule(", code = \"REFUSED_STREAM\""));
  lab.get("/bad");
  lab.get("/");
  EXPECT_EQ(lab.seen(), "reset 1 7 refused\nhead 3 200\ndata 3 hello\nend 3\n");
  EXPECT_EQ(lab.asked.count(1), 0U);  // the server has not processed it
}

TEST(H2ResetStream, ChoosesThePoint) {
  const auto seen = [](const std::string& keys) {
    H2ClientLab lab(reset_rule(keys));
    lab.get("/bad");
    return lab.seen();
  };
  EXPECT_EQ(seen(", at = \"body\""), "head 1 200\nreset 1 2\n");
  EXPECT_EQ(seen(", at = \"bytes\", after = \"2 B\""), "head 1 200\ndata 1 he\nreset 1 2\n");
  EXPECT_EQ(seen(", at = \"bytes\", after = \"9 B\""), "head 1 200\ndata 1 hello\nend 1\n");
  EXPECT_EQ(seen(", at = \"trailers\""), "head 1 200\ndata 1 hello\nreset 1 2\n");
}

// A reset behind the end of the body does not happen.
TEST(H2ResetStream, CountsWhenItHappens) {
  for (const auto& [after, events] :
       std::vector<std::pair<std::string, std::string>>{{"2 B", "reset stream\n"}, {"9 B", ""}}) {
    H2ClientLab lab(reset_rule(", at = \"bytes\", after = \"" + after + "\""));
    lab.get("/bad");
    EXPECT_EQ(lab.notes, events) << after;
  }
}

TEST(H2ResetStream, TellsTheServerIfItShall) {
  for (const bool both : {false, true}) {
    H2ClientLab lab(reset_rule(both ? ", from = \"both\"" : ""), true);
    lab.get("/bad");
    rules::HttpHead head;
    head.status = 200;
    lab.upstream.take_log();
    lab.upstream.session.send_response(1, head, false);
    lab.run();
    EXPECT_EQ(lab.seen(), "reset 1 2\n");
    EXPECT_THAT(lab.upstream.take_log(), testing::HasSubstr(both ? "reset 1 2" : "reset 1 8"));
  }
}

TEST(H2ResetStream, ResetsTheConnectionOfAClientOfHttp1) {
  HttpLab lab(reset_rule(""));
  EXPECT_EQ(lab.get("/bad"), "(reset)");
  EXPECT_EQ(lab.get("/"), "200 hello");
}

TEST(H2ResetStream, AfterNeedsBytes) {
  EXPECT_THAT(first_problem_of(reset_rule(", after = \"1 B\""), "http"),
              testing::HasSubstr("`after` counts the bytes of the body"));
}

}  // namespace
}  // namespace brownout::test
