// connect_delay: delays the connect to the server, for each connection independently. The fault
// slow_accept makes connections queue instead.
#include "rules/engine/fault.h"
#include "rules/faults/common/varied_delay.h"

namespace brownout::rules {
namespace {

struct ConnectDelaySettings {
  VariedDelay varied{};
};

class ConnectDelay final : public Fault {
 public:
  using Settings = ConnectDelaySettings;
  explicit ConnectDelay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field_of(&Settings::varied,
                 field("delay", &VariedDelay::delay, "mean delay of the connect to the server",
                       {.most = std::chrono::hours(24), .required = true})),
        field_of(&Settings::varied,
                 field("jitter", &VariedDelay::jitter,
                       "how far the delay varies around `delay`; must not be larger than `delay`")),
        distribution_field(&Settings::varied,
                           "; with distribution \"spike\", 1% of the connects wait delay + jitter, "
                           "the others wait delay"),
        distribution_file_field(&Settings::varied),
        sigma_field(&Settings::varied),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.varied, table, problems);
    check_variation(settings.varied, table, problems);
  }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    const Duration drawn = settings_.varied.at(context.dice.unit(0));
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
