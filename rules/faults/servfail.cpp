#include "rules/faults/servfail.h"

#include "rules/rcode_fault.h"

namespace brownout::rules {

const FaultKind kServfail =
    describe_rcode<Rcode::kServFail>("servfail", "The resolver could not find out (SERVFAIL).");

}  // namespace brownout::rules
