// slow_accept: a server with a slow accept loop. It takes one connection at a time and each costs
// it `delay`, so that of ten which arrive at once the last waits ten times as long. Until its turn
// nothing is read from a connection and the server is not dialled. See connect_delay for a wait
// that each connection has for itself.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kSlowAccept;

}  // namespace brownout::rules
