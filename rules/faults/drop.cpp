#include "rules/faults/drop.h"

#include "rules/dropping_stage.h"

namespace brownout::rules {
namespace {

struct NoSettings {};

class Drop final : public Fault {
 public:
  using Settings = NoSettings;
  explicit Drop(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<DropStage>();
  }
};

}  // namespace

const FaultKind kDrop = describe<Drop>(
    {.name = "drop",
     .level = Level::kBytes,
     .carriers = kDatagrams | kMessages,
     .per_chunk = true,
     .summary = "Datagrams or messages vanish: all of a session or connection, or those that the "
                "dice choose. A correct client sends again what is not acknowledged in time.",
     .magnitude = "datagram, one way",
     .composition = "what one rule drops the next never sees",
     .source = {}});

}  // namespace brownout::rules
