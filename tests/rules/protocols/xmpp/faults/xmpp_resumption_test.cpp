#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kResume = "<resume xmlns='urn:xmpp:sm:3' h='4' previd='s&amp;1'/>";
const std::string kResumed = "<resumed xmlns='urn:xmpp:sm:3' h='4' previd='s&amp;1'/>";
const std::string kFailed =
    "<failed xmlns='urn:xmpp:sm:3'><item-not-found "
    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";

std::string received(const std::string& rule, const std::string& asked, const std::string& truth) {
  const auto lab = bound_xmpp("[[rule]]\nfault = { type = \"xmpp_resumption\"" + rule + " }");
  lab->from_client(asked);
  EXPECT_EQ(lab->at_server(), asked);
  lab->from_server(truth);
  return lab->at_client();
}

TEST(XmppResumption, TurnsASuccessIntoAFailure) {
  EXPECT_EQ(received("", kResume, kResumed), kFailed);
  EXPECT_EQ(received("", kResume, kFailed), kFailed);
}

TEST(XmppResumption, TurnsAFailureIntoASuccess) {
  EXPECT_EQ(received(", answer = \"resumed\"", kResume, kFailed),
            "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='s&amp;1'/>");
}

TEST(XmppResumption, AnswersInTheVersionOfTheClient) {
  EXPECT_EQ(received("", "<resume xmlns='urn:xmpp:sm:2' h='4' previd='s'/>",
                     "<resumed xmlns='urn:xmpp:sm:2' h='4' previd='s'/>"),
            "<failed xmlns='urn:xmpp:sm:2'><item-not-found "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
}

// Namespaces of both protocol versions: XEP-0198, 9.
TEST(XmppResumption, RewritesTheAnswerInsideSasl2) {
  const auto in = [](const std::string& name, const std::string& inner) {
    return "<" + name + " xmlns='urn:xmpp:sasl:2'><x/>" + inner + "<y>z</y></" + name + ">";
  };
  const auto asked = in("authenticate", kResume);
  EXPECT_EQ(received("", asked, in("success", kResumed)), in("success", kFailed));
  EXPECT_EQ(received("", asked, in("success", "")), in("success", ""));
  EXPECT_EQ(received(", answer = \"resumed\"", asked, in("success", kFailed)),
            in("success", "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='s&amp;1'/>"));
}

TEST(XmppResumption, IgnoresFailuresWithoutAResumption) {
  EXPECT_EQ(received(", answer = \"resumed\"", "<enable xmlns='urn:xmpp:sm:3'/>", kFailed),
            kFailed);
}

}  // namespace
}  // namespace brownout::test
