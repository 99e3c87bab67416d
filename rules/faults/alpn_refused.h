// alpn_refused: the server speaks none of the protocols that the client offers: alert
// no_application_protocol (RFC 7301, 3.2). Clients that offer none are left alone.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kAlpnRefused;

}  // namespace brownout::rules
