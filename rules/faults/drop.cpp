#include "rules/faults/drop.h"

namespace brownout::rules {
namespace {

struct NoSettings {};

class DropStage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    out.note(
        {.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = dropped_++},
        now);
  }

 private:
  std::uint64_t dropped_ = 0;
};

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

const FaultKind kDrop =
    describe<Drop>({.name = "drop",
                    .level = Level::kBytes,
                    .carriers = kDatagrams,
                    .per_chunk = true,
                    .summary = "Datagrams vanish: all of a session, or those that the dice choose.",
                    .magnitude = "datagram, one way",
                    .composition = "what one rule drops the next never sees",
                    .source = {}});

}  // namespace brownout::rules
