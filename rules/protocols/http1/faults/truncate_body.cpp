// truncate_body: closes the connection within a body, so the body is shorter than announced.
#include "rules/engine/fault.h"
#include "rules/faults/common/truncate_stage.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

struct TruncateBodySettings {
  Bytes after{};
  HowToClose close = HowToClose::kFin;
};

class TruncateBody final : public Fault {
 public:
  using Settings = TruncateBodySettings;
  explicit TruncateBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "how much of the body passes; a shorter body is unchanged"),
        field("close", &Settings::close, "how the connection ends"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    const auto how = settings_.close == HowToClose::kRst ? Close::kReset : Close::kFin;
    return std::make_unique<TruncateStage>(settings_.after.count, how);
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kTruncateBody =
    describe<TruncateBody>({.name = "truncate_body",
                            .level = Level::kMessage,
                            .carriers = kHttpRequests,
                            .directed = true,
                            .on_body = true,
                            .summary = "The connection closes before the end of the body.",
                            .unit = "body of a request, a response, or both (`direction`)",
                            .composition = "the smallest limit wins",
                            .source = {}});

}  // namespace brownout::rules
