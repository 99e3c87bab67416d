#include "rules/faults/corrupt_message.h"

#include "rules/corrupt_stage.h"

namespace brownout::rules {
const FaultKind kCorruptMessage = describe<CorruptFault>(
    {.name = "corrupt_message",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .directed = true,
     .on_body = true,
     .of_dns = Half::kResponse,
     .summary = "Bits of a message flip; its frame stays right. A correct client checks what it "
                "reads, says what is wrong with it, and stays alive.",
     .magnitude = "byte, or message (`each`), one way; of HTTP its body, of DNS the answer",
     .composition = "each rule flips for itself",
     .source = {}});

}  // namespace brownout::rules
