// tls_stop: stops the handshake midway, as a crashed or overloaded server or a filtering middlebox
// does.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct TlsStopSettings {
  HandshakeStop after = HandshakeStop::kClientHello;
  HowToStop how = HowToStop::kHang;
};

class TlsStop final : public Fault {
 public:
  using Settings = TlsStopSettings;
  explicit TlsStop(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "the last message that passes"),
        field("how", &Settings::how,
              "how the connection ends then: with FIN, with RST, or not at all (hang)"),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.stop != HandshakeStop::kNone) return std::nullopt;
    verdict.stop = settings_.after;
    verdict.how = settings_.how;
    return Note{.action = "stop"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTlsStop =
    describe<TlsStop>({.name = "tls_stop",
                       .level = Level::kConnection,
                       .carriers = kTlsHandshakes,

                       .summary = "The handshake stops after the ClientHello or the ServerHello.",
                       .unit = "handshake",
                       .composition = "the first rule that stops the handshake decides",
                       .source = {}});

}  // namespace brownout::rules
