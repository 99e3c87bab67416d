// corrupt_message: bits of a message's payload flip; its frame stays valid. Text stays valid UTF-8,
// and in XMPP only the body changes: a protocol error would close the connection.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorruptMessage = describe<CorruptFault>(
    {.name = "corrupt_message",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .directed = true,
     .on_body = true,
     .of_dns = Half::kResponse,
     .summary = "Bits of a message flip; its frame stays valid. A correct client detects the "
                "error, reports it, and keeps running.",
     .unit = "byte, or message (`each`), one way; HTTP: the body; DNS: the answer",
     .composition = "rules flip bits independently",
     .source = {}});

}  // namespace brownout::rules
