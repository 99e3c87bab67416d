// connect_delay: delays the connect to the server, for each connection independently. The fault
// slow_accept makes connections queue instead.
#include "rules/engine/fault.h"
#include "rules/faults/common/jitter.h"

namespace brownout::rules {
namespace {

struct ConnectDelaySettings {
  Duration delay{};
  Duration jitter{};
};

class ConnectDelay final : public Fault {
 public:
  using Settings = ConnectDelaySettings;
  explicit ConnectDelay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "mean delay of the connect to the server",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "largest deviation from `delay`, uniformly distributed; not larger than `delay`"),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.delay, settings.jitter, table, problems);
  }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    const auto jitter = settings_.jitter.count();
    const Duration drawn = settings_.delay + Duration(context.dice.between(0, -jitter, jitter));
    const Duration delay = scaled(drawn, context.intensity.at(context.now));
    admission.connect_delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kConnectDelay = describe<ConnectDelay>(
    {.name = "connect_delay",
     .level = Level::kConnection,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delay grows from 0 to the value that `delay` and `jitter` give",
     .summary = "The connect to the server is delayed, as on a long or congested path. The "
                "client's own connect succeeds at once; the first answer is late.",
     .correct_client = "has a time-out for the first answer, and tries the next server after it",
     .unit = "connection",
     .composition = "the delays of all rules add up",
     .source = "RFC 9293, 3.5 (opening a connection); RFC 6298, 2 (a lost SYN costs a second)"});

}  // namespace brownout::rules
