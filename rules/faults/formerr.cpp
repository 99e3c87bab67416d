#include "rules/faults/formerr.h"

#include "rules/rcode_fault.h"

namespace brownout::rules {

const FaultKind kFormerr =
    describe_rcode<Rcode::kFormErr>("formerr", "The resolver cannot read the query (FORMERR).");

}  // namespace brownout::rules
