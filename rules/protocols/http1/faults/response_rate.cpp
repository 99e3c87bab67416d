#include "rules/engine/fault.h"
#include "rules/faults/common/rate_stage.h"

namespace brownout::rules {
namespace {

struct ResponseRateSettings {
  Rate rate{};
};

class ResponseRate final : public Fault {
 public:
  using Settings = ResponseRateSettings;
  explicit ResponseRate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("rate", &Settings::rate, "highest rate at which the body arrives",
              {.least = Rate{8}, .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction == Direction::kUpstream) return nullptr;
    return std::make_unique<RateStage>(LinkSettings{.rate = settings_.rate}, context.intensity,
                                       context.dice, context.now);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kResponseRate = describe<ResponseRate>(
    {.name = "response_rate",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .ramped = "the limit falls from unlimited to `rate`",
     .on_body = true,
     .summary = "The body of the response arrives slowly. Its headers arrive without a delay.",
     .correct_client = "continues while the body makes progress, and gives up when the rate stays "
                       "below its own minimum",
     .unit = "response body",
     .composition = "the lowest `rate` decides",
     .source = "Envoy, HTTP fault injection, response_rate_limit; curl(1), --speed-limit and "
               "--speed-time"});

}  // namespace brownout::rules
