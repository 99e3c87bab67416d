// close_websocket: both ends get a Close frame with a code of your choice, then FIN (RFC 6455, 7).
// A server that restarts says 1001 or 1012, one that is overloaded 1013.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCloseWebsocket;

}  // namespace brownout::rules
