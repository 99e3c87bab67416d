#include "rules/faults/nxdomain.h"

#include "rules/rcode_fault.h"

namespace brownout::rules {

const FaultKind kNxdomain =
    describe_rcode<Rcode::kNxDomain>("nxdomain", "The name does not exist (NXDOMAIN).");

}  // namespace brownout::rules
