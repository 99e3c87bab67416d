// tls_version: limits the TLS version, as an old server does.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct TlsVersionSettings {
  TlsVersion most = TlsVersion::k12;
};

class TlsVersionFault final : public Fault {
 public:
  using Settings = TlsVersionSettings;
  explicit TlsVersionFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("most", &Settings::most, "newest TLS version that the server accepts",
              {.required = true}),
    }};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    if (verdict.most && *verdict.most <= settings_.most) return std::nullopt;
    verdict.most = settings_.most;
    return Note{.action = "limit"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTlsVersion = describe<TlsVersionFault>(
    {.name = "tls_version",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .terminated = true,
     .summary = "The server accepts no TLS version newer than the configured one. The handshake of "
                "a client that requires a newer version fails.",
     .correct_client = "completes the handshake only with a version that its settings permit, and "
                       "by default refuses TLS 1.0 and 1.1",
     .unit = "handshake",
     .composition = "the smallest `most` decides",
     .source = "RFC 8446, 4.2.1 and D.1; RFC 8996"});

}  // namespace brownout::rules
