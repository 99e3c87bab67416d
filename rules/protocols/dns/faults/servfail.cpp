// servfail: the resolver fails to resolve the name, as when all name servers of a zone are
// unreachable (WhatsApp, 4 October 2021).
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kServfail = describe_rcode<Rcode::kServFail>(
    "servfail", "The resolver fails to resolve the name (SERVFAIL).");

}  // namespace brownout::rules
