#include "rules/faults/reorder.h"

#include "rules/datagram_queue.h"
#include "rules/distribution.h"

namespace brownout::rules {
namespace {

struct Settings {
  Ratio share{};
  Ratio correlation{};
  std::int64_t gap = 1;
  Duration delay{};
};

class ReorderStage final : public DatagramStage {
 public:
  ReorderStage(const Settings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = datagrams_++;
    const bool candidate = ++since_ >= settings_.gap;
    if (candidate && draws_.next() < settings_.share.share() * intensity_.at(now)) {
      since_ = 0;
      if (held_any()) {
        out.note({.action = "overtake",
                  .bytes = static_cast<std::int64_t>(chunk.size()),
                  .ordinal = ordinal},
                 now);
      }
      return out.emit(std::move(chunk), now);
    }
    hold(std::move(chunk), later(now, settings_.delay), now, out);
  }

 private:
  bool held_any() const { return deadline() != kNever; }

  Settings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
  std::uint64_t datagrams_ = 0;
  std::int64_t since_ = 0;  // datagrams since the last that left at once
};

class Reorder final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Reorder(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("share", &Settings::share, "how likely a candidate is to leave at once",
              {.required = true}),
        field("delay", &Settings::delay, "how long the others wait: what can overtake them",
              {.least = Duration(1), .required = true}),
        field("gap", &Settings::gap, "every n-th datagram is a candidate", {.least = 1}),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<ReorderStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kReorder = describe<Reorder>(
    {.name = "reorder",
     .level = Level::kBytes,
     .carriers = kDatagrams | kMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Some datagrams or messages overtake those ahead of them.",
     .magnitude = "datagram, one way; those that do not overtake wait for `delay`",
     .composition = "the delays of several rules add up; each draws its own candidates",
     .source = "tc-netem(8), reorder"});

}  // namespace brownout::rules
