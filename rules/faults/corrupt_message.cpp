#include "rules/faults/corrupt_message.h"

#include "rules/corrupt_stage.h"

namespace brownout::rules {
const FaultKind kCorruptMessage = describe<CorruptFault>(
    {.name = "corrupt_message",
     .level = Level::kBytes,
     .carriers = kMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .summary = "Bits of a message flip; its frame stays right. A correct client checks what it "
                "reads, says what is wrong with it, and stays alive.",
     .magnitude = "byte, or message (`each`), one way",
     .composition = "each rule flips for itself",
     .source = {}});

}  // namespace brownout::rules
