// ack_loss: drops acknowledgements and lets the messages pass: PUBACK, PUBREC, PUBREL and PUBCOMP
// of MQTT, <a/> of XMPP, the acknowledging kinds of a framing. A sender without an acknowledgement
// must send again; a receiver must recognize the repetition.
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
     .of_http = Half::kResponse,
     .of_dns = Half::kResponse,
     .protocols = [] { return ProtocolSet::where(&MessageProtocol::has_acknowledgements); },
     .summary = "Acknowledgements vanish, the messages themselves arrive. A correct client sends "
                "again when it is connected again (QoS 1: maybe twice; QoS 2: never doubled).",
     .magnitude = "acknowledgement, one way; of HTTP the response, of DNS the answer",
     .composition = "what one rule drops the next never sees",
     .source = "MQTT 5.0, 4.3 and 4.4; XEP-0198, 4"});

}  // namespace brownout::rules
