// no_shared_cipher: rejects the hello with the alert handshake_failure, as if client and server had
// no cipher in common (RFC 8446, 4.1.1).
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class NoSharedCipher final : public Fault {
 public:
  using Settings = NoSettings;
  explicit NoSharedCipher(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.alert) return std::nullopt;
    verdict.alert = TlsAlert{40};
    return Note{.action = "alert", .ordinal = 40};
  }
};

}  // namespace

extern const FaultKind kNoSharedCipher =
    describe<NoSharedCipher>({.name = "no_shared_cipher",
                              .level = Level::kConnection,
                              .carriers = kTlsHandshakes,

                              .summary = "Client and server have no cipher in common.",
                              .unit = "handshake",
                              .composition = "the first rule that sends an alert decides",
                              .source = "RFC 8446, 4.1.1"});

}  // namespace brownout::rules
