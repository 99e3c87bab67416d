// truncate: every answer over UDP is cut (TC), so that the client must ask again over TCP.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTruncate;

}  // namespace brownout::rules
