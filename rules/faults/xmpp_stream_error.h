// An XMPP stream ends with an error (RFC 6120, 4.9).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kXmppStreamError;

}  // namespace brownout::rules
