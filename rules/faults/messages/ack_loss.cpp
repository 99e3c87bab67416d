// ack_loss: drops acknowledgements. Each protocol defines which of its messages acknowledge others
// (MessageProtocol::acknowledges).
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

class AckLoss final : public MessageFault {
 public:
  using Settings = NoSettings;
  explicit AckLoss(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  Verdict judge(const Exchange& exchange) const override {
    return exchange.acknowledges() ? Verdict::drop() : Verdict::pass();
  }
};

}  // namespace

extern const FaultKind kAckLoss = describe<AckLoss>(
    {.name = "ack_loss",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kResponse,
     .dns_part = ExchangePart::kResponse,
     .protocols = [] { return ProtocolSet::where(&MessageProtocol::has_acknowledgements); },
     .summary = "Acknowledgements are lost; the messages themselves arrive. MQTT: PUBACK, PUBREC, "
                "PUBREL, PUBCOMP; XMPP: `<a/>`; NATS: `+OK` and JetStream acknowledgements; Redis: "
                "replies; Kafka: responses to Produce; PostgreSQL: CommandComplete and the "
                "ReadyForQuery behind it; `protocol = \"framed\"`: the kinds in "
                "`acks` of `framing`; HTTP: "
                "responses; DNS: answers.",
     .correct_client =
         "sends unacknowledged messages again as its protocol allows (MQTT and XMPP: after a "
         "reconnect); a message may then arrive twice at QoS 1, and never at QoS 2",
     .unit = "acknowledgement, in each direction",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "MQTT 5.0, 4.3 and 4.4; XEP-0198, 4 and 5; NATS documentation, JetStream; RFC 9110, "
               "9.2.2; RFC 1035, 4.2.1"});

}  // namespace brownout::rules
