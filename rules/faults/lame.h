// lame: the server that answers is not the one that should: it has no authority and refers
// elsewhere (RFC 8499, "lame delegation").
//
// upward: a referral to the root, as servers give that do not have the zone. loop: a referral to
// name servers of the zone itself without their addresses, so that a resolver turns in a circle.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kLame;

}  // namespace brownout::rules
