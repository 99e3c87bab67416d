// no_shared_cipher: refuses handshakes, as a server does whose cipher suites were restricted.
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

extern const FaultKind kNoSharedCipher = describe<NoSharedCipher>(
    {.name = "no_shared_cipher",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .summary = "The server answers the ClientHello with the fatal alert handshake_failure, as if "
                "it had no cipher suite in common with the client.",
     .correct_client = "closes the connection, reports the alert, and retries neither with the "
                       "same cipher suites nor without encryption",
     .unit = "handshake",
     .composition = "the first rule that sends an alert decides",
     .source = "RFC 8446, 4.1.1 and 6.2"});

}  // namespace brownout::rules
