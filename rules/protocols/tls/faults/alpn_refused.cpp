// alpn_refused: refuses TLS handshakes of clients that use ALPN, as if the server supported none of
// the offered protocols.
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
     .summary = "The server answers the ClientHello with the fatal alert no_application_protocol: "
                "it supports none of the ALPN protocols that the client offers. Clients without "
                "ALPN are not affected.",
     .correct_client = "closes the connection, reports the alert, and repeats the handshake only "
                       "with other protocols",
     .unit = "handshake of a client that offers ALPN protocols",
     .composition = "the first rule that sends an alert decides",
     .source = "RFC 7301, 3.2; RFC 8446, 6.2"});

}  // namespace brownout::rules
