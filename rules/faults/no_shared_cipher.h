// no_shared_cipher: client and server have no cipher in common: alert handshake_failure (RFC
// 8446, 4.1.1).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNoSharedCipher;

}  // namespace brownout::rules
