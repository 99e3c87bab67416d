// notimp: the resolver does not implement this kind of query.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kNotimp = describe_rcode<Rcode::kNotImp>(
    "notimp", "The resolver does not support this kind of query (NOTIMP).");

}  // namespace brownout::rules
