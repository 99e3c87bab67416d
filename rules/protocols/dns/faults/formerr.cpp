// formerr: the resolver rejects the query as malformed, as old servers reject EDNS.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kFormerr = describe_rcode<Rcode::kFormErr>(
    "formerr", "The resolver rejects the query as malformed (FORMERR).");

}  // namespace brownout::rules
