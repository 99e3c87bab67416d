#include "rules/faults/refused.h"

#include "rules/rcode_fault.h"

namespace brownout::rules {

const FaultKind kRefused =
    describe_rcode<Rcode::kRefused>("refused", "The resolver refuses to answer (REFUSED).");

}  // namespace brownout::rules
