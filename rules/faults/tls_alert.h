// tls_alert: the hello is answered with a fatal alert, and the connection closes (RFC 8446, 6.2).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTlsAlert;

}  // namespace brownout::rules
