#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(XmppStreamError, EndsTheStreamAndNamesTheOtherHost) {
  for (const bool upstream : {true, false}) {
    const auto lab = bound_xmpp(R"([[rule]]
match = { stanza = "message" }
fault = { type = "xmpp_stream_error", condition = "see-other-host", text = "b.x.org:5222" })");
    upstream ? lab->from_client("<message to='b'/>") : lab->from_server("<message from='b'/>");
    EXPECT_EQ(lab->at_server(), "");
    EXPECT_EQ(lab->at_client(),
              "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
              "b.x.org:5222</see-other-host></stream:error></stream:stream>");
    EXPECT_EQ(lab->closed, "fin");
  }
}

TEST(XmppStreamError, WaitsUntilTheServerHasOpenedItsStream) {
  MessageLab lab("xmpp", "[[rule]]\nfault = { type = \"xmpp_stream_error\" }");
  lab.from_client(xmpp_opening_of_client());
  EXPECT_EQ(lab.at_server(), xmpp_opening_of_client());
  lab.from_server(xmpp_opening_of_server());
  EXPECT_TRUE(lab.to_client.ends_with(
      "version='1.0'><stream:error><system-shutdown "
      "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"))
      << lab.to_client;
}

TEST(XmppStreamError, RejectsBadSettings) {
  const std::string head = "[[rule]]\nfault = { type = \"xmpp_stream_error\", condition = ";
  EXPECT_EQ(first_problem_of(head + "\"see-other-host\" }", "xmpp"),
            "see-other-host needs the other host in \"text\"");
  EXPECT_EQ(first_problem_of(head + "\"tired\" }", "xmpp"),
            "condition: \"tired\" is not a condition of stream errors");
  EXPECT_EQ(first_problem_of(head + "\"conflict\" }", "mqtt"),
            "fault \"xmpp_stream_error\" does not act on listener \"chat\", which is mqtt");
}

}  // namespace
}  // namespace brownout::test
