// bandwidth: bytes leave no faster than a rate, as over a line of that speed.
//
// A byte leaves once it and all before it could have been sent at the rate: byte n of a burst
// leaves no earlier than first + n/rate. Pieces of at most 10 ms of the rate leave at a time, so
// there are no bursts beyond `burst`. The limit can be one for each connection, one for each
// client, or one over all that the rule hits.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kBandwidth;

}  // namespace brownout::rules
