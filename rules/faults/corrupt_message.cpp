#include "rules/faults/corrupt_message.h"

#include "rules/corrupt_stage.h"

namespace brownout::rules {
namespace {

class CorruptMessage final : public Fault {
 public:
  using Settings = CorruptSettings;
  explicit CorruptMessage(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() { return corrupt_schema(); }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<CorruptStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kCorruptMessage =
    describe<CorruptMessage>({.name = "corrupt_message",
                              .level = Level::kBytes,
                              .carriers = kMessages,
                              .ramp = Ramp::kMagnitude,
                              .per_chunk = true,
                              .summary = "Bits of a message flip; its frame stays right.",
                              .magnitude = "byte, or message (`each`), one way",
                              .composition = "each rule flips for itself",
                              .source = {}});

}  // namespace brownout::rules
