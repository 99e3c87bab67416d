// corrupt_message: bits of a message's payload flip; its frame stays right. Texts may then be no
// UTF-8, for which a peer must close with 1007 (RFC 6455, 8.1).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCorruptMessage;

}  // namespace brownout::rules
