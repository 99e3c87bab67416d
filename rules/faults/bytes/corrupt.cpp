// corrupt: inverts single bits. With each = "byte" the choice of bits depends on the offset in the
// stream, not on the size of reads.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorrupt = describe<CorruptFault>(
    {.name = "corrupt",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams | kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .ramped = "`chance` grows from 0% to its value",
     .per_chunk = true,
     .summary = "Single bits of a stream, a datagram or a DNS answer are inverted. The checksums "
                "of TCP and UDP are valid, so only the layers above can detect the change.",
     .correct_client = "detects the change by a checksum of its protocol, TLS or DNSSEC, then "
                       "closes the connection, or discards the datagram or the answer",
     .unit = "byte, in each direction; with `each = \"chunk\"`, chunk of a stream, datagram or DNS "
             "answer",
     .composition =
         "each rule draws its bits independently; a bit that two rules invert is unchanged",
     .source = "tc-netem(8), corrupt; RFC 8085, 3.4 (checksums); Stone and Partridge, When the CRC "
               "and TCP Checksum Disagree, SIGCOMM 2000"});

}  // namespace brownout::rules
