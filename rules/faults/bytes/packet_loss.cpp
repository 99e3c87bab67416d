// packet_loss: drops whole chunks of a stream, as Toxiproxy's fault of the same name does. The
// fault loss imitates real packet loss under TCP instead, where no data is missing.
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
        field("loss_rate", &Settings::loss_rate, "share of chunks or datagrams that are dropped"),
        field("correlation", &Settings::correlation,
              "weight of the previous draw in each draw, as in tc-netem(8)"),
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
     .summary = "Whole chunks are missing from a stream, which is corrupt from then on. Lost "
                "datagrams never arrive.",
     .correct_client = "detects the gap by the framing or a checksum of its protocol, and closes "
                       "the connection; it sends a missing datagram again, or continues without it",
     .unit = "chunk (one read of at most 256 KiB) or datagram, one way",
     .composition = "each rule draws by itself; later rules do not see a dropped chunk",
     .source = "Toxiproxy, packet_loss; RFC 8085, 3.3 (lost datagrams)"});

}  // namespace brownout::rules
