// notimp: answers NOTIMP, as servers do that support few kinds of queries.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kNotimp = describe_rcode<Rcode::kNotImp>(
    "notimp", "The resolver answers that it does not support this kind of query (NOTIMP).",
    "does not send the same query to this server again, and asks another server",
    "RFC 1035, 4.1.1; RFC 1034, 5.3.3");

}  // namespace brownout::rules
