// bad_certificate: presents a certificate that clients must reject. The local CA that clients trust
// (`brownout ca init`) issues the certificate, so its only defect is the configured one.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct BadCertificateSettings {
  Flaw what = Flaw::kExpired;
};

class BadCertificate final : public Fault {
 public:
  using Settings = BadCertificateSettings;
  explicit BadCertificate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("what", &Settings::what, "the defect of the certificate", {.required = true}),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.flaw != Flaw::kNone) return std::nullopt;
    verdict.flaw = settings_.what;
    return Note{.action = "certificate"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kBadCertificate =
    describe<BadCertificate>({.name = "bad_certificate",
                              .level = Level::kConnection,
                              .carriers = kTlsHandshakes,

                              .terminated = true,
                              .mints = true,
                              .summary = "The server shows a certificate that must not be trusted.",
                              .unit = "handshake",
                              .composition = "the first rule decides the defect",
                              .source = "RFC 5280; revoked: RFC 6066, 8 and RFC 6960"});

}  // namespace brownout::rules
