// slow_accept: a server with a slow accept loop. The loop takes one connection at a time and needs
// `delay` for each, so the last of ten simultaneous connections waits ten times as long. Until then
// nothing is read from the connection and the server is not connected. The fault connect_delay
// delays each connection independently.
#include "rules/chance/pacer.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlowAcceptSettings {
  Duration delay{};
};

struct AcceptLoop final : FaultState {
  Pacer turn;
};

class SlowAccept final : public Fault {
 public:
  using Settings = SlowAcceptSettings;
  explicit SlowAccept(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay,
              "how long the accept loop needs for one connection; waiting connections are "
              "established but not served, and only `connection_limit` limits their number, not "
              "`backlog`",
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

extern const FaultKind kSlowAccept = describe<SlowAccept>(
    {.name = "slow_accept",
     .level = Level::kConnection,
     .ramp = Ramp::kMagnitude,
     .summary = "Connections are accepted one at a time, and each takes a while.",
     .unit = "connection; those that arrive together queue",
     .composition = "waits of several rules add up",
     .source = {}});

}  // namespace brownout::rules
