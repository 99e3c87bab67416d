// nxdomain: the resolver answers that the name does not exist.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kNxdomain =
    describe_rcode<Rcode::kNxDomain>("nxdomain", "The name does not exist (NXDOMAIN).");

}  // namespace brownout::rules
