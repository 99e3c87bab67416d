#include "rules/faults/corrupt_body.h"

#include "rules/corrupt_stage.h"
#include "rules/http_fault.h"

namespace brownout::rules {
namespace {

class CorruptBody final : public HttpBodyFault {
 public:
  using Settings = CorruptSettings;
  explicit CorruptBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() { return corrupt_schema(); }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<CorruptStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kCorruptBody = describe<CorruptBody>(
    {.name = "corrupt_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .directed = true,
     .on_body = true,
     .summary = "Bits of the body flip; its framing stays right.",
     .magnitude =
         "byte, or chunk (`each`), of the body of a request, a response, or both (`direction`)",
     .composition = "each rule flips for itself",
     .source = {}});

}  // namespace brownout::rules
