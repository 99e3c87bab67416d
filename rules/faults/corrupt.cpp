#include "rules/faults/corrupt.h"

#include "rules/corrupt_stage.h"
#include "rules/dns_fault.h"

namespace brownout::rules {
namespace {

class Corrupt final : public Fault, public DnsFault {
 public:
  using Settings = CorruptSettings;
  explicit Corrupt(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() { return corrupt_schema(); }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<CorruptStage>(settings_, context);
  }
  const DnsFault* dns() const override { return this; }
  std::optional<Note> on_wire(const DnsContext& context,
                              std::span<std::byte> message) const override {
    return BitFlipper(settings_, context.dice, context.intensity).flip(message, context.now);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kCorrupt = describe<Corrupt>(
    {.name = "corrupt",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Bits of the stream, of datagrams or of DNS answers flip.",
     .magnitude = "byte, or chunk, datagram or DNS answer (`each`), one way",
     .composition = "each rule flips for itself; two flips of one bit undo each other",
     .source = "tc-netem(8), corrupt"});

}  // namespace brownout::rules
