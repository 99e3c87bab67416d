// tls_version: the server speaks no newer version than this. A client that insists on one fails.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTlsVersion;

}  // namespace brownout::rules
