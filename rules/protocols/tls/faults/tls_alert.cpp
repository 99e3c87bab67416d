// tls_alert: refuses handshakes with the configured alert, for alerts that no other fault sends.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct TlsAlertSettings {
  TlsAlert alert{};
};

class TlsAlertFault final : public Fault {
 public:
  using Settings = TlsAlertSettings;
  explicit TlsAlertFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("alert", &Settings::alert,
              "alert that the client receives: its name, e.g. \"internal_error\", or its number"),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.alert) return std::nullopt;
    verdict.alert = settings_.alert;
    return Note{.action = "alert", .ordinal = settings_.alert.code};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTlsAlert = describe<TlsAlertFault>(
    {.name = "tls_alert",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .summary = "The server answers the ClientHello with a fatal alert and closes the connection.",
     .correct_client = "closes the connection, reports the alert, and retries with growing pauses "
                       "only after an alert that can be temporary, for example internal_error",
     .unit = "handshake",
     .composition = "the first rule that sends an alert decides",
     .source = "RFC 8446, 6.2"});

}  // namespace brownout::rules
