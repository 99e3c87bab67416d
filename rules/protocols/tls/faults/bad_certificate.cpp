// bad_certificate: presents a certificate with a defect. The local CA that clients trust (`brownout
// ca init`) issues the certificate, so its only defect is the configured one.
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
        field("what", &Settings::what,
              "defect of the certificate. revoked: only the stapled OCSP response shows the "
              "revocation. weak_key: RSA key of 1024 bits",
              {.required = true}),
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

extern const FaultKind kBadCertificate = describe<BadCertificate>(
    {.name = "bad_certificate",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .terminated = true,
     .needs_ca = true,
     .summary =
         "The server presents a certificate that the client must reject. It is expired, not yet "
         "valid, revoked, self-signed, for another name, of an unknown CA, or has a weak key.",
     .correct_client = "aborts the handshake before it sends data, reports the defect, and never "
                       "retries without verification",
     .unit = "handshake",
     .composition = "the first rule decides which defect the certificate has",
     .source = "RFC 5280, 6; wrong_name: RFC 9525, 6; weak_key: RFC 9325, 4.5; revoked: RFC 6066, "
               "8 and RFC 6960"});

}  // namespace brownout::rules
