// refuse: resets a new connection (RST) before the connect to the server. Unlike the fault down, it
// can be limited to some clients or to every n-th connection.
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
     .summary = "The connection is accepted, then reset before any data. Some clients report this "
                "as a failed connect, others as a reset connection.",
     .correct_client = "treats the reset as a refused connect: it tries the next server, and waits "
                       "with growing pauses when all have failed",
     .unit = "connection",
     .composition = "the first rule that refuses the connection, or leaves it silent, decides",
     .source =
         "RFC 9293, 3.5.2; Amazon Builders' Library, Timeouts, retries, and backoff with jitter"});

}  // namespace brownout::rules
