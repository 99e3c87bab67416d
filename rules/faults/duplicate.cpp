#include "rules/faults/duplicate.h"

#include "rules/distribution.h"

namespace brownout::rules {
namespace {

struct Settings {
  Ratio share{};
  Ratio correlation{};
};

class DuplicateStage final : public Stage {
 public:
  DuplicateStage(const Settings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = draws_.count();
    const bool twice = draws_.next() < settings_.share.share() * intensity_.at(now);
    if (twice) {
      out.note({.action = "duplicate",
                .bytes = static_cast<std::int64_t>(chunk.size()),
                .ordinal = ordinal},
               now);
      out.emit(chunk, now);
    }
    out.emit(std::move(chunk), now);
  }

 private:
  Settings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
};

class Duplicate final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Duplicate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("share", &Settings::share, "the share of datagrams that arrives twice",
              {.required = true}),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<DuplicateStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kDuplicate =
    describe<Duplicate>({.name = "duplicate",
                         .level = Level::kBytes,
                         .carriers = kDatagrams | kMessages,
                         .ramp = Ramp::kMagnitude,
                         .per_chunk = true,
                         .summary = "Some datagrams or messages arrive twice. A correct client "
                                    "does nothing twice for it: it knows a message by its id.",
                         .magnitude = "datagram, one way",
                         .composition = "each rule draws for itself: a copy may be copied again",
                         .source = "tc-netem(8), duplicate"});

}  // namespace brownout::rules
