// nxdomain: answers that a name does not exist, as after a zone was deleted or a registration
// lapsed.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kNxdomain = describe_rcode<Rcode::kNxDomain>(
    "nxdomain",
    "The resolver answers that the name does not exist (NXDOMAIN). The answer has no SOA record.",
    "reports that the name does not exist, asks no other server for it, and does not cache the "
    "answer, because it has no SOA record",
    "RFC 1035, 4.1.1; RFC 2308, 2.1 and 5");

}  // namespace brownout::rules
