// slicer: cuts a stream into small pieces. As long as the fault acts on every chunk, the sizes of
// the pieces depend on the offset in the stream, not on the size of reads.
#include <algorithm>

#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlicerSettings {
  Bytes size{};
  Bytes variation{};
  Duration delay{};
};

class SlicerStage final : public HoldingStage {
 public:
  SlicerStage(const SlicerSettings& settings, const StageContext& context)
      : settings_(settings), dice_(context.dice), intensity_(context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const Duration pause = scaled(settings_.delay, intensity_.at(now));
    const auto first = pieces_;
    const auto bytes = static_cast<std::int64_t>(chunk.size());
    while (!chunk.empty()) {
      if (left_ == 0) left_ = next_size();
      Chunk piece = chunk.take_front(left_);
      left_ -= piece.size();
      const Instant ready = std::max(now, next_);
      if (left_ == 0) next_ = later(ready, pause);
      line_.add(std::move(piece), ready);
    }
    if (pieces_ > first) {
      out.note({.action = "slice", .delay = pause, .bytes = bytes, .ordinal = first}, now);
    }
    line_.drain(now, out);
  }

 private:
  std::size_t next_size() {
    const auto size = dice_.between(pieces_++, settings_.size.count - settings_.variation.count,
                                    settings_.size.count + settings_.variation.count);
    return static_cast<std::size_t>(std::max(size, std::int64_t{1}));
  }

  SlicerSettings settings_;
  Dice dice_;
  Intensity intensity_;
  std::uint64_t pieces_ = 0;
  std::size_t left_ = 0;           // number of bytes that are missing from the current piece
  Instant next_ = Instant::min();  // earliest start of the next piece
};

class Slicer final : public Fault {
 public:
  using Settings = SlicerSettings;
  explicit Slicer(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("size", &Settings::size, "mean size of a piece",
              {.least = Bytes{1}, .required = true}),
        field("variation", &Settings::variation,
              "largest deviation from `size` (uniform), at most `size` itself; a piece has at "
              "least 1 B"),
        field("delay", &Settings::delay, "pause after each piece"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.variation > settings.size) {
      problems.add(position_of(table, "variation"),
                   "variation " + to_text(settings.variation) + " is more than size " +
                       to_text(settings.size),
                   "a piece cannot have a negative size: lower the variation");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<SlicerStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlicer = describe<Slicer>(
    {.name = "slicer",
     .level = Level::kBytes,
     .ramp = Ramp::kMagnitude,
     .ramped = "the pauses grow from 0 to `delay`; the size of the pieces does not change",
     .per_chunk = true,
     .summary = "The stream arrives in small pieces with a pause after each, so one message needs "
                "several reads.",
     .correct_client = "reads until a message is complete, wherever the stream is cut",
     .unit = "piece, in each direction",
     .composition = "a later rule cuts the pieces of an earlier one further; the pauses add up",
     .source = "Toxiproxy, slicer; RFC 9293, 2.2 (TCP carries a stream of bytes)"});

}  // namespace brownout::rules
