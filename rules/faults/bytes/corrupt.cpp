// corrupt: flips single bits, with a chance for each byte or for each chunk. With each = "byte" the
// choice depends on the offset in the stream, not on the size of reads.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorrupt = describe<CorruptFault>(
    {.name = "corrupt",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Bits of the stream, of datagrams or of DNS answers flip.",
     .unit = "byte, or chunk, datagram or DNS answer (`each`), one way",
     .composition = "rules flip bits independently; two flips of the same bit cancel out",
     .source = "tc-netem(8), corrupt"});

}  // namespace brownout::rules
