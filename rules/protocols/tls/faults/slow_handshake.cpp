// slow_handshake: delays the response to the ClientHello.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlowHandshakeSettings {
  Duration delay{};
};

class SlowHandshake final : public Fault {
 public:
  using Settings = SlowHandshakeSettings;
  explicit SlowHandshake(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "delay of the answer to the ClientHello",
              {.most = std::chrono::hours(1), .required = true}),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext& context, TlsVerdict& verdict) const override {
    const auto delay = scaled(settings_.delay, context.intensity.at(context.now));
    verdict.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlowHandshake =
    describe<SlowHandshake>({.name = "slow_handshake",
                             .level = Level::kConnection,
                             .carriers = kTlsHandshakes,
                             .ramp = Ramp::kMagnitude,

                             .summary = "The answer to the ClientHello arrives late.",
                             .unit = "handshake",
                             .composition = "delays add up",
                             .source = {}});

}  // namespace brownout::rules
