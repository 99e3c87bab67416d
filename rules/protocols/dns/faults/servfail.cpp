// servfail: answers SERVFAIL, as resolvers do during an outage of all name servers of a zone
// (WhatsApp, 4 October 2021).
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kServfail = describe_rcode<Rcode::kServFail>(
    "servfail",
    "The resolver answers that it could not resolve the name (SERVFAIL), as when all name servers "
    "of a zone are unreachable.",
    "asks another server, reports a temporary failure if none answers, and caches the failure for "
    "at most five minutes",
    "RFC 1035, 4.1.1; RFC 2308, 7.1; RFC 9520");

}  // namespace brownout::rules
