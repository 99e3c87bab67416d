// refused: the resolver refuses to answer this client.
#include "rules/engine/fault.h"
#include "rules/faults/common/rcode_fault.h"

namespace brownout::rules {

extern const FaultKind kRefused =
    describe_rcode<Rcode::kRefused>("refused", "The resolver refuses to answer (REFUSED).");

}  // namespace brownout::rules
