// reorder: some datagrams leave at once while the others wait, and so overtake them.
//
// As tc-netem(8): `reorder PERCENT CORRELATION gap N` with a delay. Every datagram waits for
// `delay`, but each N-th leaves at once, with the chance `share`.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kReorder;

}  // namespace brownout::rules
