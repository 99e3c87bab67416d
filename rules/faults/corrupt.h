// corrupt: bits flip. For each byte, or once for each chunk, with a chance; the choice of bytes
// depends on their offset in the stream and not on how it was read, except with each = "chunk".
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCorrupt;

}  // namespace brownout::rules
