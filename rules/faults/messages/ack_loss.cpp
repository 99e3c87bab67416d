// ack_loss: acknowledgements of messages vanish, and the messages do not: PUBACK, PUBREC, PUBREL
// and PUBCOMP of MQTT, <a/> of XMPP, the kinds that a framing says acknowledge. Who is not answered
// must send again, and who gets it again must know it.
#include "rules/engine/fault.h"
#include "rules/engine/message_fault.h"
#include "rules/faults/common/dropping_stage.h"

namespace brownout::rules {
namespace {

class AckLossStage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = chunk.message();
    if (message == nullptr || !message->acknowledges()) return out.emit(std::move(chunk), now);
    out.note(dropped(chunk, lost_++), now);
  }

 private:
  std::uint64_t lost_ = 0;
};

class AckLoss final : public MessageFault {
 public:
  using Settings = NoSettings;
  explicit AckLoss(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<AckLossStage>();
  }
  // The response is what acknowledges a request.
  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    return silence(message);
  }
  // And the answer a query.
  std::optional<Note> on_wire(const DnsContext&, DnsWire& wire) const override {
    return lose(wire);
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
