// tls_version: limits the TLS version of the server. A client that requires a newer version fails.
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
        field("most", &Settings::most, "the newest TLS version that the server accepts",
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

extern const FaultKind kTlsVersion =
    describe<TlsVersionFault>({.name = "tls_version",
                               .level = Level::kConnection,
                               .carriers = kTlsHandshakes,

                               .terminated = true,
                               .summary = "The server accepts only old versions of TLS.",
                               .unit = "handshake",
                               .composition = "the oldest version wins",
                               .source = "RFC 8446, 4.2.1"});

}  // namespace brownout::rules
