// packet_loss: drops whole chunks, which corrupts the stream. After a dropped chunk, the loss rate
// is higher by `correlation`, so that drops come in bursts. Toxiproxy has the same fault with the
// same keys (2026). For the effect of packet loss on a real TCP connection see loss.cpp.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"

namespace brownout::rules {
namespace {

struct PacketLossSettings {
  Ratio loss_rate = Ratio::of(0.1);
  Ratio correlation{};
};

class PacketLossStage final : public Stage {
 public:
  PacketLossStage(const PacketLossSettings& settings, const StageContext& context)
      : settings_(settings), dice_(context.dice.split("loss")), intensity_(context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = chunks_++;
    const double more = dropped_ ? settings_.correlation.share() : 0;
    const double chance = std::min(1.0, settings_.loss_rate.share() + more);
    dropped_ = dice_.unit(ordinal) < chance * intensity_.at(now);
    if (!dropped_) return out.emit(std::move(chunk), now);
    out.note(dropped(chunk, ordinal), now);
  }

 private:
  PacketLossSettings settings_;
  Dice dice_;
  Intensity intensity_;
  bool dropped_ = false;  // whether the previous chunk was dropped
  std::uint64_t chunks_ = 0;
};

class PacketLoss final : public Fault {
 public:
  using Settings = PacketLossSettings;
  explicit PacketLoss(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("loss_rate", &Settings::loss_rate, "share of chunks or datagrams that are dropped"),
        field("correlation", &Settings::correlation,
              "probability that is added to `loss_rate` for the chunk after a dropped chunk, so "
              "that drops come in bursts"),
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

extern const FaultKind kPacketLoss = describe<PacketLoss>(
    {.name = "packet_loss",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .ramped = "the share of dropped chunks grows from 0% to `loss_rate`",
     .per_chunk = true,
     .summary = "Whole chunks are missing from a stream, which is corrupt from then on. Lost "
                "datagrams never arrive.",
     .correct_client = "detects the gap by the framing or a checksum of its protocol, and closes "
                       "the connection; it sends a missing datagram again, or continues without it",
     .unit = "chunk (one read of at most 256 KiB) or datagram, in each direction",
     .composition = "each rule draws independently; later rules do not see a dropped chunk",
     .source = "Toxiproxy, packet_loss; RFC 8085, 3.3 (lost datagrams)"});

}  // namespace brownout::rules
