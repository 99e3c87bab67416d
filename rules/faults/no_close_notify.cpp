#include "rules/faults/no_close_notify.h"

namespace brownout::rules {
namespace {

struct Settings {};

class NoCloseNotify final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
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

const FaultKind kNoCloseNotify =
    describe<NoCloseNotify>({.name = "no_close_notify",
                             .level = Level::kConnection,
                             .carriers = kTlsHandshakes,

                             .terminated = true,
                             .summary = "The connection ends without close_notify.",
                             .magnitude = "connection",
                             .composition = "the first rule that says so decides",
                             .source = "RFC 8446, 6.1"});

}  // namespace brownout::rules
