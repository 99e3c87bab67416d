// slow_handshake: delays the ServerHello, as a server does that is too busy for handshakes.
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
        field("delay", &Settings::delay, "additional delay of the answer to the ClientHello",
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

extern const FaultKind kSlowHandshake = describe<SlowHandshake>(
    {.name = "slow_handshake",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delay grows from 0 to `delay`",
     .summary = "The answer of the server to the ClientHello arrives late.",
     .correct_client = "completes the handshake if the answer arrives within its own time-out, and "
                       "otherwise gives up and retries with growing pauses",
     .unit = "handshake",
     .composition = "the delays of all rules add up",
     .source = "RFC 8446, 2; libcurl, CURLOPT_CONNECTTIMEOUT; Go, net/http, "
               "Transport.TLSHandshakeTimeout"});

}  // namespace brownout::rules
