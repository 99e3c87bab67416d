// formerr: the resolver says that it cannot read the query, as old servers do of EDNS.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kFormerr =
    describe_rcode<Rcode::kFormErr>("formerr", "The resolver cannot read the query (FORMERR).");

}  // namespace brownout::rules
