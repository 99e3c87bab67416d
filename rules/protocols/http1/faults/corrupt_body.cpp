// corrupt_body: flips bits of a body; heads, chunk lengths and trailers are unchanged.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorruptBody = describe<CorruptFault>(
    {.name = "corrupt_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .directed = true,
     .on_body = true,
     .summary = "Bits of the body flip; the framing stays valid.",
     .unit =
         "byte, or chunk (`each`), of the body of a request, a response, or both (`direction`)",
     .composition = "rules flip bits independently",
     .source = {}});

}  // namespace brownout::rules
