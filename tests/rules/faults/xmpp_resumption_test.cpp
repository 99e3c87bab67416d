#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kResume = "<resume xmlns='urn:xmpp:sm:3' h='4' previd='s&amp;1'/>";
const std::string kResumed = "<resumed xmlns='urn:xmpp:sm:3' h='4' previd='s&amp;1'/>";
const std::string kFailed =
    "<failed xmlns='urn:xmpp:sm:3'><item-not-found "
    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";

std::string told(const std::string& rule, const std::string& asked, const std::string& truth) {
  const auto lab = bound_xmpp("[[rule]]\nfault = { type = \"xmpp_resumption\"" + rule + " }");
  lab->from_client(asked);
  EXPECT_EQ(lab->at_server(), asked);
  lab->from_server(truth);
  return lab->at_client();
}

TEST(XmppResumption, ASuccessIsToldToHaveFailed) {
  EXPECT_EQ(told("", kResume, kResumed), kFailed);
  EXPECT_EQ(told("", kResume, kFailed), kFailed);
}

TEST(XmppResumption, AFailureIsToldToHaveSucceeded) {
  EXPECT_EQ(told(", answer = \"resumed\"", kResume, kFailed),
            "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='s&amp;1'/>");
}

TEST(XmppResumption, OnlyOfAResumption) {
  EXPECT_EQ(told(", answer = \"resumed\"", "<enable xmlns='urn:xmpp:sm:3'/>", kFailed), kFailed);
}

}  // namespace
}  // namespace brownout::test
