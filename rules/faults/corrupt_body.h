// corrupt_body: bits of a body flip; heads, chunk lengths and trailers stay as they are.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCorruptBody;

}  // namespace brownout::rules
