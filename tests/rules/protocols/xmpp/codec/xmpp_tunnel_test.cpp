// Tests XMPP streams in a MessageTunnel, with input cut into pieces of several sizes.
#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

const std::string kXmppElsewhere =
    "[[rule]]\nmatch = { to = \"nobody\" }\nfault = { type = \"drop\" }";

TEST(XmppTunnel, PassesUnmatchedElementsUnchanged) {
  const std::string client =
      xmpp_opening_of_client() +
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>";
  const std::string success =
      xmpp_opening_of_server() + "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
  const std::string rest =
      xmpp_opening_of_client() +
      "\n<message to='b'>\n <body>5 &gt; 4, \xc3\xa4</body><![CDATA[<x>]]></message> "
      "<r xmlns='urn:xmpp:sm:3'/><presence/></stream:stream>";
  for (const auto& rules : {std::string(), kXmppElsewhere}) {
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
      MessageLab lab("xmpp", rules, "", piece);
      lab.from_client(client);
      lab.from_server(success);
      lab.from_client(rest);
      lab.from_server(xmpp_opening_of_server() + "<message from='b'/></stream:stream>\n");
      lab.client_finishes();
      EXPECT_EQ(lab.reports, "");
      EXPECT_EQ(lab.to_server, client + rest) << "in pieces of " << piece;
      EXPECT_EQ(lab.to_client,
                success + xmpp_opening_of_server() + "<message from='b'/></stream:stream>\n");
    }
  }
}

TEST(XmppTunnel, MatchesElementsByTheirAttributesAndText) {
  const std::string message = "<message to='bob@x.org' type='chat'><body>h&amp;i</body></message>";
  const std::string ping = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
  const std::string ack = "<a xmlns='urn:xmpp:sm:3' h='2'/>";
  struct Case {
    std::string match;
    std::string left;
  };
  for (const auto& [match, left] :
       std::vector<Case>{{"stanza = \"message\"", ping + ack},
                         {"stanza = [\"iq\", \"a\"]", message},
                         {"type = \"chat\"", ping + ack},
                         {"to = \"bob@*\"", ping + ack},
                         {"from = \"ann@x.org/phone\"", ack},
                         {"namespace = \"urn:xmpp:ping\"", message + ack},
                         {"text = \"h&i\"", ping + ack},
                         {"min_size = \"60 B\"", ping + ack},
                         {"direction = \"downstream\"", message + ping + ack},
                         {"stanza = \"message\", type = \"get\"", message + ping + ack}}) {
    const auto lab = bound_xmpp("[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }");
    lab->from_client(message + ping + ack);
    EXPECT_EQ(lab->at_server(), left) << match;
  }
}

// Random draws for messages must not depend on how many whitespace keep-alives arrive in one read.
TEST(XmppTunnel, TreatsEachWhitespaceByteBetweenElementsAsAMessage) {
  for (const std::size_t piece : {1U, 2U, 1000U}) {
    const auto lab = bound_xmpp(
        "[[rule]]\nmatch = { stanza = \"whitespace\", first = 2 }\nfault = { type = \"drop\" }",
        piece);
    lab->from_client(" \n\t<presence/> ");
    EXPECT_EQ(lab->at_server(), "\t<presence/> ") << "in pieces of " << piece;
    EXPECT_EQ(lab->injected, 2);
  }
}

TEST(XmppTunnel, AckLossDropsOnlyAcknowledgements) {
  const auto lab = bound_xmpp("[[rule]]\nfault = { type = \"ack_loss\" }");
  lab->from_server("<a xmlns='urn:xmpp:sm:3' h='2'/><message from='b'/>");
  EXPECT_EQ(lab->at_client(), "<message from='b'/>");
}

TEST(XmppTunnel, RejectAnswersWithAnXmppError) {
  const auto lab = bound_xmpp(
      "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"reject\", condition = "
      "\"resource-constraint\" }");
  lab->from_client("<message to='b' id='1'><body>x</body></message><iq type='result' id='2'/>");
  EXPECT_EQ(lab->at_client(),
            "<message type='error' id='1' from='b' to='ann@x.org/phone'><error type='wait'>"
            "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
  EXPECT_EQ(lab->at_server(), "<iq type='result' id='2'/>");
  lab->from_client("<resume xmlns='urn:xmpp:sm:3' h='1' previd='x'/>");
  EXPECT_EQ(lab->at_client(),
            "<failed xmlns='urn:xmpp:sm:3'><item-not-found "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
}

TEST(XmppTunnel, HalfOpenAnswersOnlyPings) {
  const auto lab = bound_xmpp("");
  lab->from_server("<a xmlns='urn:xmpp:sm:3' h='7'/>");
  lab->at_client();
  lab->set_rules("[[rule]]\nfault = { type = \"half_open\" }");
  lab->from_client(
      "<message to='b'/><iq type='get' id='p' to='x.org'><ping xmlns='urn:xmpp:ping'/></iq>");
  EXPECT_EQ(lab->at_client(), "<iq type='result' id='p' from='x.org' to='ann@x.org/phone'/>");
  lab->from_client("<r xmlns='urn:xmpp:sm:3'/>");
  EXPECT_EQ(lab->at_client(), "<a xmlns='urn:xmpp:sm:3' h='7'/>")
      << "no more than the server has acknowledged";
  EXPECT_EQ(lab->at_server(), "");
}

TEST(XmppTunnel, PassesViolationsAsBytesAndReportsThemOnce) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "<a>";
  struct Case {
    std::string bytes;
    std::string why;
  };
  for (const auto& [bytes, why] : std::vector<Case>{
           {"GET / HTTP/1.1\r\n\r\n", "XML that is not well-formed"},
           {"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", "a DTD"},
           {"<message/>", "the first element is not a stream"},
           {xmpp_opening_of_client() + "<message><!-- x --></message>", "a comment"},
           {xmpp_opening_of_client() + "<?php x?>", "a processing instruction"},
           {xmpp_opening_of_client() + deep, "elements nested deeper than 128"},
           {xmpp_opening_of_client() + "<message>&a;</message>", "XML that is not well-formed"},
           {xmpp_opening_of_client() + "<message " + std::string(1 << 20, 'x'),
            "a tag of more than 64 KiB"}}) {
    for (const auto& rules : {std::string(), kXmppElsewhere}) {
      MessageLab lab("xmpp", rules);
      lab.from_client(bytes);
      lab.from_client("more");
      EXPECT_TRUE(lab.to_server == bytes + "more") << why;
      EXPECT_EQ(lab.reports, "not XMPP: " + why + "\n");
    }
  }
}

TEST(XmppTunnel, PassesAnElementThatSpansAStreamRestartAsBytes) {
  for (const auto& rules : {std::string(), kXmppElsewhere}) {
    MessageLab lab("xmpp", rules);
    const auto begun = xmpp_opening_of_client() + "<message to='b'><body>abcdefghijklmnop";
    lab.from_client(begun);
    lab.from_server(xmpp_opening_of_server() +
                    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    lab.from_client("<x/>");
    lab.from_client("</body></message>");
    EXPECT_EQ(lab.at_server(), begun + "<x/></body></message>");
    EXPECT_EQ(lab.reports, "not XMPP: a stream restart inside an element\n");
  }
}

TEST(XmppTunnel, PassesBytesAfterTheEndOfAStream) {
  for (const auto& rules : {std::string(), kXmppElsewhere}) {
    MessageLab lab("xmpp", rules);
    const auto all = xmpp_opening_of_client() + "</stream:stream><a xmlns='urn:xmpp:sm:3' h='1'/>";
    lab.from_client(all);
    EXPECT_EQ(lab.at_server(), all);
    EXPECT_EQ(lab.reports, "");
  }
}

// The opening of a stream whose default namespace is `content`.
std::string opening(const std::string& content, const std::string& ends) {
  return "<?xml version='1.0'?><stream:stream xmlns='" + content + "' " + ends +
         " xmlns:stream='http://etherx.jabber.org/streams'>";
}

TEST(XmppTunnel, RecognizesStanzasOfServersAndComponents) {
  for (const std::string content :
       {"jabber:server", "jabber:component:accept", "jabber:component:connect"}) {
    for (const std::size_t piece : {1U, 1000U}) {
      MessageLab lab("xmpp", R"([[rule]]
match = { stanza = "message", from = "bot.x.org", text = "lost" }
fault = { type = "drop" }
[[rule]]
match = { stanza = "iq" }
fault = { type = "reject" })",
                     "", piece);
      const auto begin = opening(content, "to='bot.x.org'") + "<handshake>aaee83</handshake>";
      lab.from_client(begin);
      lab.from_server(opening(content, "from='bot.x.org' id='3BF9'") + "<handshake/>");
      lab.at_client();
      lab.from_client("<message from='bot.x.org' to='ann@x.org'><body>lost</body></message>");
      lab.from_client("<presence from='bot.x.org' to='ann@x.org'/>");
      EXPECT_EQ(lab.at_server(), begin + "<presence from='bot.x.org' to='ann@x.org'/>") << content;
      lab.from_client("<iq type='get' id='1' from='bot.x.org' to='ann@x.org'/>");
      EXPECT_TRUE(lab.at_client().starts_with("<iq type='error' id='1' from='ann@x.org'"));
      EXPECT_EQ(lab.reports, "");
    }
  }
}

const std::string kAuthenticate =
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGE=</"
    "initial-response><bind xmlns='urn:xmpp:bind:0'><tag>phone</tag></bind></authenticate>";
std::string sasl2_success(const std::string& jid) {
  return "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>" + jid +
         "</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success>"
         "<stream:features/>";
}

// SASL2 (XEP-0388, 2.6; XEP-0386): the stream does not restart, and no <iq> binds the resource.
TEST(XmppTunnel, LearnsTheBoundResourceFromSasl2Success) {
  const std::string rule =
      "[[rule]]\nmatch = { from = \"ann@x.org/phone.1\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { to = \"ann@x.org/phone.1\" }\nfault = { type = \"drop\" }";
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    for (const auto& rules : {std::string(), rule}) {
      MessageLab lab("xmpp", rules, "", piece);
      lab.from_client(xmpp_opening_of_client() + kAuthenticate);
      lab.from_server(xmpp_opening_of_server() + sasl2_success("ann@x.org/phone.1"));
      lab.at_server();
      lab.at_client();
      lab.set_rules(rule);
      lab.from_client(
          "<message to='bob@x.org'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
      lab.from_server("<message from='bob@x.org'/><a xmlns='urn:xmpp:sm:3' h='1'/>");
      EXPECT_EQ(lab.at_server(), "<r xmlns='urn:xmpp:sm:3'/>");
      EXPECT_EQ(lab.at_client(), "<a xmlns='urn:xmpp:sm:3' h='1'/>");
      EXPECT_EQ(lab.reports, "");
    }
  }
}

TEST(XmppTunnel, LearnsTheResourceFromALaterIqWithoutBind2) {
  MessageLab lab("xmpp",
                 "[[rule]]\nmatch = { from = \"ann@x.org*\" }\nfault = { type = \"drop\" }");
  lab.from_client(xmpp_opening_of_client() + kAuthenticate);
  lab.from_server(xmpp_opening_of_server() + sasl2_success("ann@x.org"));
  lab.at_server();
  const std::string bind =
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
  lab.from_client(bind);
  EXPECT_EQ(lab.at_server(), bind);
  lab.from_server(
      "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
      "<jid>ann@x.org/tablet</jid></bind></iq>");
  lab.from_client("<presence/>");
  EXPECT_EQ(lab.at_server(), "");
}

TEST(XmppTunnel, LearnsTheJidOfAResumedStreamFromTheServersStanzas) {
  MessageLab lab("xmpp",
                 "[[rule]]\nmatch = { from = \"ann@x.org/*\" }\nfault = { type = \"drop\" }");
  lab.from_client(xmpp_opening_of_client());
  lab.from_server(xmpp_opening_of_server() +
                  "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='x'/>"
                  "<message from='bob@x.org' to='ann@x.org/phone'/>");
  lab.at_server();
  lab.from_client("<presence/>");
  EXPECT_EQ(lab.at_server(), "");
}

TEST(XmppTunnel, RejectAnswersSasl2WithASasl2Failure) {
  MessageLab lab("xmpp", "[[rule]]\nmatch = { stanza = \"sasl\" }\nfault = { type = \"reject\" }");
  lab.from_client(xmpp_opening_of_client());
  lab.from_server(xmpp_opening_of_server());
  lab.at_client();
  lab.from_client(kAuthenticate);
  EXPECT_EQ(lab.at_client(),
            "<failure xmlns='urn:xmpp:sasl:2'><temporary-auth-failure "
            "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>");
  lab.from_client("<abort xmlns='urn:xmpp:sasl:2'/>");
  EXPECT_EQ(lab.at_client(), "") << "<abort/> gets no answer";
}

// Stream compression: XEP-0138.
TEST(XmppTunnel, PassesCompressedStreamsAsBytes) {
  for (const auto& rules : {std::string(), kXmppElsewhere}) {
    MessageLab lab("xmpp", rules);
    lab.from_client(xmpp_opening_of_client() +
                    "<compress xmlns='http://jabber.org/protocol/compress'/>");
    lab.from_server(xmpp_opening_of_server() +
                    "<compressed xmlns='http://jabber.org/protocol/compress'/>");
    lab.at_server();
    lab.at_client();
    lab.from_client("x\x9c");
    lab.from_server("x\xda");
    EXPECT_EQ(lab.at_server(), "x\x9c");
    EXPECT_EQ(lab.at_client(), "x\xda");
    EXPECT_EQ(lab.reports, "not XMPP: the stream is compressed\n");
  }
}

TEST(XmppTunnel, PassesUnterminatedTlsAsBytes) {
  MessageLab lab("xmpp", kXmppElsewhere);
  lab.from_client(xmpp_opening_of_client() + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  lab.from_server(xmpp_opening_of_server() + "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  lab.at_server();
  lab.at_client();
  lab.from_client("\x16\x03\x01");
  lab.from_server("\x16\x03\x03");
  EXPECT_EQ(lab.at_server(), "\x16\x03\x01");
  EXPECT_EQ(lab.at_client(), "\x16\x03\x03");
  EXPECT_EQ(lab.reports, "not XMPP: TLS begins and is not terminated here\n");
}

TEST(XmppTunnel, ReadsTheRestartedStreamsInsideTerminatedTls) {
  const std::string starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
  const std::string proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    for (const auto& rules : {std::string(), kXmppElsewhere}) {
      MessageLab lab("xmpp", rules, "", piece);
      lab.from_client(xmpp_opening_of_client() + starttls);
      lab.from_server(xmpp_opening_of_server() + proceed);
      EXPECT_EQ(lab.secures, 1);
      EXPECT_EQ(lab.host(), "x.org");
      lab.secured();
      lab.at_server();
      lab.at_client();
      lab.from_client(xmpp_opening_of_client());
      lab.from_server(xmpp_opening_of_server());
      lab.set_rules("[[rule]]\nmatch = { text = \"secret\" }\nfault = { type = \"drop\" }");
      lab.from_client("<message to='bob@localhost'><body>secret</body></message><presence/>");
      EXPECT_EQ(lab.at_server(), xmpp_opening_of_client() + "<presence/>");
      EXPECT_EQ(lab.at_client(), xmpp_opening_of_server());
      EXPECT_EQ(lab.reports, "");
    }
  }
}

}  // namespace
}  // namespace brownout::test
