// alpn_refused: rejects all protocols that the client offers, with the alert
// no_application_protocol (RFC 7301, 3.2). Clients without ALPN are not affected.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class AlpnRefused final : public Fault {
 public:
  using Settings = NoSettings;
  explicit AlpnRefused(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext& context, TlsVerdict& verdict) const override {
    if (verdict.alert || context.flow->hello == nullptr || context.flow->hello->alpn.empty()) {
      return std::nullopt;
    }
    verdict.alert = TlsAlert{120};
    return Note{.action = "alert", .ordinal = 120};
  }
};

}  // namespace

extern const FaultKind kAlpnRefused = describe<AlpnRefused>(
    {.name = "alpn_refused",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,

     .summary = "The server accepts none of the ALPN protocols that the client offers.",
     .unit = "handshake",
     .composition = "the first rule that sends an alert decides",
     .source = "RFC 7301, 3.2"});

}  // namespace brownout::rules
