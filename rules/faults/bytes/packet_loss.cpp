// packet_loss: drops whole chunks, which corrupts the stream. Toxiproxy has this fault under the
// same name (2026). For the effect of packet loss on a real TCP connection see loss.cpp.
#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"

namespace brownout::rules {
namespace {

struct PacketLossSettings {
  Ratio loss_rate = Ratio::of(0.1);
  Ratio correlation{};
};

class PacketLoss final : public Fault {
 public:
  using Settings = PacketLossSettings;
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
    return std::make_unique<LossyStage>(
        LossModel(context.dice, settings_.loss_rate, settings_.correlation), context.intensity);
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
     .per_chunk = true,
     .summary = "Chunks vanish from the stream, which corrupts it.",
     .unit = "chunk (one read of at most 256 KiB) or datagram, one way",
     .composition = "rules draw independently; later rules do not see dropped chunks",
     .source = "Toxiproxy, packet_loss"});

}  // namespace brownout::rules
