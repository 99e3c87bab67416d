#include "rules/faults/ack_loss.h"

#include "rules/dropping_stage.h"

namespace brownout::rules {
namespace {

struct Settings {};

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

class AckLoss final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit AckLoss(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<AckLossStage>();
  }
};

}  // namespace

const FaultKind kAckLoss = describe<AckLoss>(
    {.name = "ack_loss",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = kOfMqtt | kOfXmpp | kOfFramed,
     .summary = "Acknowledgements vanish, the messages themselves arrive. A correct client sends "
                "again when it is connected again (QoS 1: maybe twice; QoS 2: never doubled).",
     .magnitude = "acknowledgement, one way",
     .composition = "what one rule drops the next never sees",
     .source = "MQTT 5.0, 4.3 and 4.4; XEP-0198, 4"});

}  // namespace brownout::rules
