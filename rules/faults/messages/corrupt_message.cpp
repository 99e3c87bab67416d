// corrupt_message: flips bits in the payload of a message. The protocol's header and length stay
// valid, because a protocol error would close the connection.
#include "rules/engine/fault.h"
#include "rules/faults/common/corrupt_stage.h"

namespace brownout::rules {
extern const FaultKind kCorruptMessage = describe<CorruptFault>(
    {.name = "corrupt_message",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .ramped = "`chance` grows from 0% to its value",
     .per_chunk = true,
     .directed = true,
     .on_body = true,
     .dns_part = ExchangePart::kResponse,
     .summary =
         "Bits in the payload of a message are flipped; its header and length stay valid. "
         "Text stays valid UTF-8, and in XMPP only the body changes. In a DNS answer any bit "
         "may flip.",
     .correct_client =
         "validates each message (checksum, signature or schema), reports the damaged "
         "message, and keeps running",
     .unit = "byte, in each direction; with `each = \"chunk\"`, message, piece of an HTTP body or "
             "DNS answer",
     .composition = "each rule draws its bits independently",
     .source = "tc-netem(8), corrupt; RFC 6455, 8.1 (UTF-8); RFC 6120, 4.9.3.13 (not-well-formed); "
               "RFC 1035, 7.3 (processing responses)"});

}  // namespace brownout::rules
