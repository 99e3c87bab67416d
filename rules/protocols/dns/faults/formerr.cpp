// formerr: answers FORMERR, as servers that do not know EDNS do. Unlike the answer of such a
// server, the answer to a query with EDNS has an OPT record.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kFormerr =
    describe_rcode<Rcode::kFormErr>("formerr",
                                    "The resolver rejects the query as malformed (FORMERR), as "
                                    "some old servers reject queries with EDNS.",
                                    "does not send the same query to this server again, and asks "
                                    "without EDNS or asks another server",
                                    "RFC 1035, 4.1.1; RFC 6891, 6.2.2");

}  // namespace brownout::rules
