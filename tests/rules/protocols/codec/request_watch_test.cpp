// Tests RequestWatch, which pairs a client's requests with the server's responses.
#include <gtest/gtest.h>

#include "rules/protocols/codec/request_watch.h"
#include "rules/protocols/framed/framed_message.h"
#include "rules/protocols/mqtt/mqtt_message.h"
#include "rules/protocols/nats/nats_message.h"
#include "rules/protocols/postgres/postgres_message.h"
#include "rules/protocols/xmpp/xmpp_message.h"
#include "tests/support/postgres_words.h"

namespace brownout::test {
namespace {

using namespace std::chrono_literals;
using codecs::bytes_of;
using messages::RequestWatch;

constexpr rules::Instant kBegin{1s};
const auto kMqtt = rules::Protocol::of(rules::MqttMessage::protocol());
const auto kXmpp = rules::Protocol::of(rules::XmppMessage::protocol());
const auto kNats = rules::Protocol::of(rules::NatsMessage::protocol());
const auto kPostgres = rules::Protocol::of(rules::PostgresMessage::protocol());
const auto kFramed = rules::Protocol::of(rules::FramedMessage::protocol());

class Watched {
 public:
  explicit Watched(rules::Protocol protocol) : watch_(messages::request_watch_of(protocol)) {}

  // Sends `text` byte by byte, one second after the previous call.
  Watched& client(std::string_view text) {
    now_ += 1s;
    for (const char& byte : text) watch_->from_client(bytes_of({&byte, 1}), now_);
    return *this;
  }
  Watched& server(std::string_view text) {
    now_ += 1s;
    for (const char& byte : text) watch_->to_client(bytes_of({&byte, 1}), answers_);
    return *this;
  }
  // Text such as "ok 1, failed 2; 1 open": the outcome of each request, named by the second in
  // which it was sent, and the number of unanswered requests.
  std::string said() const {
    std::string text;
    for (const auto& answer : answers_) {
      text += (text.empty() ? "" : ", ") + std::string(answer.ok ? "ok " : "failed ") +
              std::to_string((answer.asked - kBegin) / 1s);
    }
    return text + "; " + std::to_string(watch_->open()) + " open";
  }
  bool leaving() const { return watch_->leaving(); }

 private:
  std::unique_ptr<RequestWatch> watch_;
  std::vector<RequestWatch::Answer> answers_;
  rules::Instant now_ = kBegin;
};

using namespace std::string_view_literals;

constexpr auto kConnect = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"sv;
constexpr auto kConnect5 = "\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01x"sv;
constexpr auto kConnack = "\x20\x02\x00\x00"sv;

TEST(RequestWatch, CountsConnectAsARequestAndSeesDisconnect) {
  Watched mqtt(kMqtt);
  mqtt.client(kConnect).server(kConnack);
  mqtt.client("\x30\x05\x00\x01t12"sv);  // QoS 0 expects no answer
  EXPECT_FALSE(mqtt.leaving());
  mqtt.client("\xe0\x00"sv);
  EXPECT_EQ(mqtt.said(), "ok 1; 0 open");
  EXPECT_TRUE(mqtt.leaving());
}

TEST(RequestWatch, PairsMqttPacketsByTypeAndIdentifier) {
  Watched mqtt(kMqtt);
  mqtt.client(kConnect).server(kConnack);          // at second 1, answered at second 2
  mqtt.client("\x32\x06\x00\x01t\x00\x07z"sv);     // at second 3: QoS 1, identifier 7
  mqtt.client("\x34\x06\x00\x01t\x00\x08z"sv);     // at second 4: QoS 2, identifier 8
  mqtt.client("\x82\x06\x00\x07\x00\x01t\x00"sv);  // at second 5: SUBSCRIBE, identifier 7
  mqtt.client("\xc0\x00"sv);                       // at second 6: PINGREQ
  mqtt.server("\x40\x02\x00\x08"sv).server("\x50\x02\x00\x08"sv);  // PUBACK does not answer QoS 2
  mqtt.server("\xd0\x00"sv).server("\x90\x03\x00\x07\x00"sv);
  EXPECT_EQ(mqtt.said(), "ok 1, ok 4, ok 6, ok 5; 1 open");
  mqtt.client("\x62\x02\x00\x08"sv).server("\x70\x02\x00\x08\x40\x02\x00\x07"sv);  // at second 11
  EXPECT_EQ(mqtt.said(), "ok 1, ok 4, ok 6, ok 5, ok 11, ok 3; 0 open");
}

TEST(RequestWatch, IgnoresRequestsOfTheServer) {
  Watched mqtt(kMqtt);
  mqtt.client(kConnect).server(kConnack);
  mqtt.server("\x32\x06\x00\x01t\x00\x07z"sv).client("\x40\x02\x00\x07"sv);
  mqtt.server("\x34\x06\x00\x01t\x00\x08z"sv).client("\x50\x02\x00\x08"sv);
  mqtt.server("\x62\x02\x00\x08"sv).client("\x70\x02\x00\x08"sv);
  EXPECT_EQ(mqtt.said(), "ok 1; 0 open");
}

TEST(RequestWatch, MqttReasonCodesDecideFailure) {
  Watched refused(kMqtt);
  EXPECT_EQ(refused.client(kConnect).server("\x20\x02\x00\x05"sv).said(), "failed 1; 0 open");

  Watched old(kMqtt);
  old.client(kConnect).server(kConnack).client("\x82\x06\x00\x07\x00\x01t\x00"sv);
  EXPECT_EQ(old.server("\x90\x03\x00\x07\x80"sv).said(), "ok 1, failed 3; 0 open");

  // MQTT 5: with properties; "no matching subscribers" (0x10) is not a failure.
  Watched five(kMqtt);
  five.client(kConnect5).server("\x20\x03\x00\x00\x00"sv);
  five.client("\x82\x07\x00\x07\x00\x00\x01t\x00"sv)
      .server("\x90\x08\x00\x07\x04\x1f\x00\x01n\x87"sv);
  five.client("\x32\x07\x00\x01t\x00\x07\x00z"sv).server("\x40\x03\x00\x07\x10"sv);
  five.client("\x32\x07\x00\x01t\x00\x09\x00z"sv).server("\x40\x03\x00\x09\x97"sv);
  EXPECT_EQ(five.said(), "ok 1, failed 3, ok 5, failed 7; 0 open");
}

TEST(RequestWatch, FindsTheIdentifierBehindALongTopic) {
  Watched mqtt(kMqtt);
  mqtt.client(kConnect).server(kConnack);
  const std::string topic(1000, 't');
  mqtt.client("\x32\xef\x07\x03\xe8"sv).client(topic + std::string("\x01\x02zzz", 5));
  EXPECT_EQ(mqtt.said(), "ok 1; 1 open");
  EXPECT_EQ(mqtt.server("\x40\x02\x01\x02"sv).said(), "ok 1, ok 4; 0 open");
}

TEST(RequestWatch, IgnoresBytesThatAreNotMqtt) {
  Watched mqtt(kMqtt);
  mqtt.client("GET / HTTP/1.1\r\n\r\n").server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(mqtt.said(), "; 0 open");
}

constexpr std::string_view kStream =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "to='a.example' version='1.0'>";

TEST(RequestWatch, PairsXmppQueriesById) {
  Watched xmpp(kXmpp);
  xmpp.client(kStream).server(kStream);
  // Sent at second 3; neither stanza is a request.
  xmpp.client("<message to='b'><body>hi</body></message><presence/>");
  xmpp.client("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");  // at second 4
  xmpp.client("<iq type='set' id='2'><q xmlns='urn:q'/></iq>");             // at second 5
  xmpp.server("<iq type='get' id='3'/><iq type='result' id='2'/>");
  xmpp.client("<iq type='result' id='3'/>");
  EXPECT_EQ(xmpp.said(), "ok 5; 1 open");
  xmpp.server(
      "<iq type='error' id='1'><error type='cancel'><service-unavailable "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
  xmpp.client("<iq type='get' id='1'/>");  // at second 9
  xmpp.server(
      "<iq type='error' id='1'><error type='wait'><resource-constraint "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
  EXPECT_EQ(xmpp.said(), "ok 5, ok 4, failed 9; 0 open");
  xmpp.client("</stream:stream>");
  EXPECT_TRUE(xmpp.leaving());
}

TEST(RequestWatch, DoesNotExistForProtocolsWithoutRequests) {
  for (const auto protocol : {rules::Protocol::kTcp, rules::Protocol::kTls, rules::Protocol::kUdp,
                              kFramed, rules::Protocol::kProxy}) {
    EXPECT_EQ(messages::request_watch_of(protocol), nullptr);
    EXPECT_FALSE(protocol.knows_requests());
  }
}

TEST(RequestWatch, CountsOnlyNatsPublishesWithAReplySubject) {
  Watched nats(kNats);
  nats.client("CONNECT {}\r\nPING\r\nPUB news 2\r\nhi\r\n");
  EXPECT_EQ(nats.said(), "; 1 open");
  nats.server("INFO {}\r\nPONG\r\n");
  nats.client("PUB ask _INBOX.1 2\r\nhi\r\nHPUB ask _INBOX.2 12 14\r\nNATS/1.0\r\n\r\nhi\r\n");
  nats.server("MSG _INBOX.1 1 2\r\nok\r\nMSG other 1 2\r\nno\r\n");
  EXPECT_EQ(nats.said(), "ok 1, ok 3; 1 open");
  nats.server("HMSG _INBOX.2 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
  EXPECT_EQ(nats.said(), "ok 1, ok 3, failed 3; 0 open");
}

TEST(RequestWatch, CountsAJetStreamErrorAsAFailure) {
  Watched nats(kNats);
  nats.client("PUB orders _INBOX.1 1\r\na\r\nPUB orders _INBOX.2 1\r\na\r\n");
  nats.server("MSG _INBOX.1 1 26\r\n{\"stream\":\"STORE\",\"seq\":1}\r\n");
  nats.server("MSG _INBOX.2 1 25\r\n{\"error\":{\"code\":503   }}\r\n");
  EXPECT_EQ(nats.said(), "ok 1, failed 1; 0 open");
}

TEST(RequestWatch, PostgresPairsQueriesWithTheReadinessBehindThem) {
  Watched watch(kPostgres);
  watch.client(postgres_startup()).server(postgres_welcome());
  EXPECT_EQ(watch.said(), "ok 1; 0 open");
  watch.client(postgres_query("select 1") + postgres_parse("", "x") + postgres_sync());
  EXPECT_EQ(watch.said(), "ok 1; 2 open");
  watch.server(postgres_row("1") + postgres_done("SELECT 1") + postgres_ready());
  watch.server(postgres_report('E', "ERROR", "57014", "late") + postgres_ready());
  EXPECT_EQ(watch.said(), "ok 1, ok 3, failed 3; 0 open");
  watch.client(postgres_query("x")).server(postgres_report('E', "ERROR", "42601", "x"));
  watch.server(postgres_ready()).client(postgres_message('X'));
  EXPECT_EQ(watch.said(), "ok 1, ok 3, failed 3, ok 6; 0 open");
  EXPECT_TRUE(watch.leaving());
}

}  // namespace
}  // namespace brownout::test
