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
     .summary = "Acknowledgements are lost; the messages themselves arrive. A correct client "
                "reconnects and sends unacknowledged messages again, which may duplicate them at "
                "QoS 1 and never at QoS 2.",
     .unit = "acknowledgement, one way; HTTP: the response; DNS: the answer",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "MQTT 5.0, 4.3 and 4.4; XEP-0198, 4"});

}  // namespace brownout::rules
