// tls_stop: the handshake stops in the middle: what a crashed or overloaded server, or a middlebox
// that dislikes what it sees, leaves behind.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTlsStop;

}  // namespace brownout::rules
