// no_close_notify: ends TLS without the alert close_notify, as servers do that close the TCP
// connection only, or an attacker who truncates the data.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class NoCloseNotify final : public Fault {
 public:
  using Settings = NoSettings;
  explicit NoCloseNotify(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_hello(const StageContext&, TlsVerdict& verdict) const override {
    verdict.no_close_notify = true;
    return Note{.action = "omit close_notify"};
  }
};

}  // namespace

extern const FaultKind kNoCloseNotify = describe<NoCloseNotify>(
    {.name = "no_close_notify",
     .level = Level::kConnection,
     .carriers = kTlsHandshakes,
     .terminated = true,
     .summary = "When the connection ends, the client gets the FIN without the alert close_notify. "
                "The fault does not end the connection earlier. The client cannot tell the end of "
                "the data from a truncation by an attacker.",
     .correct_client = "accepts the data as complete only if the protocol itself marks its end, "
                       "for example by Content-Length, and otherwise reports a truncation",
     .unit = "connection",
     .composition = "several rules act like one",
     .source = "RFC 8446, 6.1; HTTP: RFC 9112, 9.8"});

}  // namespace brownout::rules
