// servfail: the resolver could not find out, as when all servers of a zone are unreachable
// (WhatsApp, 4 October 2021).
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kServfail =
    describe_rcode<Rcode::kServFail>("servfail", "The resolver could not find out (SERVFAIL).");

}  // namespace brownout::rules
