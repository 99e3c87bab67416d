// refuse: a connection is accepted, then gets a RST before the connect to the server. Unlike down,
// this fault can be limited to some clients or to every n-th connection.
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class Refuse final : public Fault {
 public:
  using Settings = NoSettings;
  explicit Refuse(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> admit(const StageContext&, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    admission.verdict = Admission::Verdict::kRefuse;
    return Note{.action = "refuse"};
  }
};

}  // namespace

extern const FaultKind kRefuse = describe<Refuse>(
    {.name = "refuse",
     .level = Level::kConnection,
     .summary = "A connection is accepted, then reset.",
     .unit = "connection",
     .composition = "the first rule that refuses the connection, or leaves it hanging, decides",
     .source = {}});

}  // namespace brownout::rules
