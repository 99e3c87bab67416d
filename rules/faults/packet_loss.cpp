#include "rules/faults/packet_loss.h"

#include "rules/loss_model.h"

namespace brownout::rules {
namespace {

struct Settings {
  Ratio loss_rate = Ratio::of(0.1);
  Ratio correlation{};
};

class PacketLossStage final : public Stage {
 public:
  PacketLossStage(const Settings& settings, const StageContext& context)
      : intensity_(context.intensity),
        model_(context.dice, settings.loss_rate, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = chunks_++;
    if (!model_.next(intensity_.at(now))) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = ordinal},
        now);
  }

 private:
  Intensity intensity_;
  LossModel model_;
  std::uint64_t chunks_ = 0;
};

class PacketLoss final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit PacketLoss(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("loss_rate", &Settings::loss_rate, "the share of chunks that is dropped"),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<PacketLossStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kPacketLoss = describe<PacketLoss>(
    {.name = "packet_loss",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Chunks vanish from the stream, which corrupts it.",
     .magnitude = "chunk (one read of at most 256 KiB) or datagram, one way",
     .composition = "each rule draws for itself: what one drops the next never sees",
     .source = "Toxiproxy, packet_loss"});

}  // namespace brownout::rules
