#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kPresenceStormRule = R"([[rule]]
match = { direction = "downstream" }
fault = { type = "presence_storm", count = 3 })";

TEST(PresenceStorm, EndsWithThePresenceThatArrived) {
  const auto lab = bound_xmpp(kPresenceStormRule);
  const std::string gone = "<presence type='unavailable' from='b@x.org/1' to='ann@x.org/phone'/>";
  const std::string here = "<presence from='b@x.org/1' to='ann@x.org/phone'/>";
  lab->from_server("<presence from='b@x.org/1'><show>away</show></presence>");
  EXPECT_EQ(lab->at_client(),
            gone + here + gone + "<presence from='b@x.org/1'><show>away</show></presence>");
  EXPECT_EQ(lab->injected, 1);
}

TEST(PresenceStorm, IgnoresMessagesSubscriptionsAndErrors) {
  const auto lab = bound_xmpp(kPresenceStormRule);
  const std::string others =
      "<message from='b'/><presence type='subscribe' from='b'/><presence type='error' from='b'/>";
  lab->from_server(others);
  EXPECT_EQ(lab->at_client(), others);
}

}  // namespace
}  // namespace brownout::test
