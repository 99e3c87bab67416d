// reject: answers a request with a refusal in place of the server. Each protocol defines its
// refusals (MessageProtocol::refuse). A request that a protocol cannot refuse passes, for example a
// PUBLISH of MQTT 3.1.1.
#include "rules/engine/message_fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

std::string about_text() {
  std::string text = "text of the refusal (";
  for (const auto* protocol : message_protocols()) {
    if (protocol->about_refusal().empty()) continue;
    text += std::string(protocol->name()) + ": " + std::string(protocol->about_refusal()) + "; ";
  }
  return text + "http: the body of the 503)";
}

class Reject final : public MessageFault {
 public:
  using Settings = RefusalOptions;
  explicit Reject(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{
        {field("text", &Settings::text, about_text())},
        option_fields(&MessageProtocol::refusal_keys, &RefusalOptions::options)};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::refuse(settings_); }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReject = describe<Reject>(
    {.name = "reject",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kRequest,
     .dns_part = ExchangePart::kRequest,
     .refuses = true,
     .protocols = [] { return ProtocolSet::where(&MessageProtocol::has_refusals); },
     .summary = "A request gets an error of its own protocol, and never reaches the other end. "
                "MQTT: an error in a CONNACK, SUBACK, UNSUBACK or PUBACK; XMPP: a stanza error; "
                "NATS: `-ERR`; Redis: an error reply; "
                "Kafka: a response with an error; PostgreSQL: an error with `sqlstate`; WebSocket: "
                "Close 1013; `protocol = "
                "\"framed\"`: a message with `text`; HTTP: 503; DNS: REFUSED.",
     .correct_client =
         "reports the refusal, and tries again only after a temporary one, a bounded number "
         "of times with growing pauses",
     .unit =
         "request; in MQTT, CONNECT, SUBSCRIBE, UNSUBSCRIBE, and in MQTT 5.0 PUBLISH above QoS 0",
     .composition = "the first rule that refuses a request decides",
     .source =
         "MQTT 5.0, 3.2.2.2, 3.4.2.1, 3.9.3 and 3.11.3; RFC 6120, 8.3; IANA WebSocket Close "
         "Code Number Registry; RFC 9110, 15.6.4; RFC 1035, 4.1.1; NATS documentation, Client "
         "Protocol; Redis documentation, RESP; kafka.apache.org/protocol; PostgreSQL "
         "documentation, "
         "Frontend/Backend Protocol and appendix A"});

}  // namespace brownout::rules
