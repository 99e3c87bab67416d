#include "rules/faults/notimp.h"

#include "rules/rcode_fault.h"

namespace brownout::rules {

const FaultKind kNotimp = describe_rcode<Rcode::kNotImp>(
    "notimp", "The resolver does not know this kind of query (NOTIMP).");

}  // namespace brownout::rules
