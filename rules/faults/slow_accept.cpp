#include "rules/faults/slow_accept.h"

#include "rules/pacer.h"

namespace brownout::rules {
namespace {

struct Settings {
  Duration delay{};
};

struct AcceptLoop final : FaultState {
  Pacer turn;
};

class SlowAccept final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit SlowAccept(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long the accept loop needs for one connection",
              {.most = std::chrono::hours(1), .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<FaultState> make_state() const override { return std::make_unique<AcceptLoop>(); }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    auto& loop = static_cast<AcceptLoop&>(*context.shared);
    const Duration cost = scaled(settings_.delay, context.intensity.at(context.now));
    admission.accept_delay += loop.turn.reserve(context.now, cost) - context.now;
    return Note{.action = "queue", .delay = cost};
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kSlowAccept =
    describe<SlowAccept>({.name = "slow_accept",
                          .level = Level::kConnection,
                          .ramp = Ramp::kMagnitude,
                          .summary = "Connections are taken one at a time, each for a while.",
                          .magnitude = "connection; those that arrive together queue",
                          .composition = "waits of several rules add up",
                          .source = {}});

}  // namespace brownout::rules
