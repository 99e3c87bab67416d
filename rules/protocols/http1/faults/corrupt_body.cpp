// corrupt_body: flips bits of HTTP bodies. Heads, chunk lengths and trailers are unchanged, so that
// parsers accept the message.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorruptBody = describe<CorruptFault>(
    {.name = "corrupt_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .ramped = "`chance` grows from 0% to its value",
     .directed = true,
     .on_body = true,
     .summary =
         "Some bits of the body are inverted. Headers, length and chunked coding stay valid.",
     .correct_client = "validates the content, for example with Content-Digest, reports the error, "
                       "and does not use the body",
     .unit = "byte, or chunk (`each`), of the body of the request, of the response, or of both "
             "(`direction`)",
     .composition = "each rule draws its bits independently",
     .source = "Stone and Partridge, When the CRC and TCP checksum disagree, SIGCOMM 2000; RFC "
               "9530, 2 (Content-Digest)"});

}  // namespace brownout::rules
