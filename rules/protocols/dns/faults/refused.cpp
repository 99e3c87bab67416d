// refused: answers REFUSED, as a resolver does whose access list lacks the client.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kRefused = describe_rcode<Rcode::kRefused>(
    "refused",
    "The resolver refuses to answer the query (REFUSED), as when its access list does not permit "
    "the client.",
    "asks another server, and reports a failure, not a missing name, if every server refuses",
    "RFC 1035, 4.1.1; RFC 1034, 5.3.3");

}  // namespace brownout::rules
