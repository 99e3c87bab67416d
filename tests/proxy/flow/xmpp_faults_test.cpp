// Tests every XMPP fault over real sockets. The test acts as the server.
#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

// A client and a server that have opened their XMPP streams.
struct XmppWorld {
  explicit XmppWorld(const std::string& rule)
      : proxy("[[rule]]\n" + rule, {.listener = "protocol = \"xmpp\"", .servers = port.address()}) {
    client = proxy.connect();
    send_all(client, xmpp_opening_of_client());
    server = port.accept();
    EXPECT_EQ(receive(server, xmpp_opening_of_client().size()).bytes, xmpp_opening_of_client());
    send_all(server, xmpp_opening_of_server());
    EXPECT_EQ(receive(client, xmpp_opening_of_server().size()).bytes, xmpp_opening_of_server());
  }
  // Bytes that the client receives after the server has sent `text`.
  std::string answer_to(const std::string& text, std::size_t size) const {
    send_all(server, text);
    return receive(client, size).bytes;
  }

  TestServer port;
  ProxyWorld proxy;
  Fd client;
  Fd server;
};

TEST(FaultsOverSockets, xmpp_stream_error) {
  const XmppWorld world(
      "match = { stanza = \"presence\" }\nfault = { type = \"xmpp_stream_error\", condition = "
      "\"conflict\" }");
  send_all(world.client, "<presence/>");
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes,
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            "</stream:stream>");
  EXPECT_EQ(received.ending, Ending::kFin);
  EXPECT_EQ(receive(world.server).ending, Ending::kFin);
}

TEST(FaultsOverSockets, xmpp_resumption) {
  const XmppWorld world("fault = { type = \"xmpp_resumption\" }");
  const std::string failed =
      "<failed xmlns='urn:xmpp:sm:3'><item-not-found "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
  EXPECT_EQ(world.answer_to("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='x'/>", failed.size()),
            failed);
}

TEST(FaultsOverSockets, presence_storm) {
  const XmppWorld world("fault = { type = \"presence_storm\", count = 1 }");
  const std::string both = "<presence type='unavailable' from='b'/><presence from='b'/>";
  EXPECT_EQ(world.answer_to("<presence from='b'/>", both.size()), both);
}

}  // namespace
}  // namespace brownout::test
