// no_close_notify: closes the connection without the close_notify alert, so the client cannot tell
// the end from truncation by an attacker (RFC 8446, 6.1).
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
    return Note{.action = "omit"};
  }
};

}  // namespace

extern const FaultKind kNoCloseNotify =
    describe<NoCloseNotify>({.name = "no_close_notify",
                             .level = Level::kConnection,
                             .carriers = kTlsHandshakes,

                             .terminated = true,
                             .summary = "The connection ends without close_notify.",
                             .unit = "connection",
                             .composition = "several rules act as one",
                             .source = "RFC 8446, 6.1"});

}  // namespace brownout::rules
