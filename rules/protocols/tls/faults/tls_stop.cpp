// tls_stop: stops handshakes halfway, as a crashed or overloaded server or a filtering middlebox
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
        field("after", &Settings::after, "last handshake message before the stop"),
        field("how", &Settings::how,
              "how the connection ends after the stop. close: by FIN. rst: by RST. hang: it stays "
              "open without data"),
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

extern const FaultKind kTlsStop = describe<TlsStop>(
    {.name = "tls_stop",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .summary = "The TLS handshake stops after the ClientHello or the ServerHello. Then the "
                "connection is closed, is reset, or stays open without data.",
     .correct_client = "gives up the handshake at once on a FIN or RST, otherwise after its own "
                       "time-out, and retries with growing pauses",
     .unit = "handshake",
     .composition = "the first rule that stops the handshake decides",
     .source = "RFC 8446, 2; libcurl, CURLOPT_CONNECTTIMEOUT; Go, net/http, "
               "Transport.TLSHandshakeTimeout"});

}  // namespace brownout::rules
