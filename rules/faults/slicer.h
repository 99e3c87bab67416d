// slicer: the stream arrives in small pieces, with a pause behind each: parsers that expect a
// message per read fail. Piece sizes depend on the offset in the stream, not on how it was read, as
// long as it does not pause.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kSlicer;

}  // namespace brownout::rules
