// reject: a request gets its protocol's own refusal, and the other end never sees it: of MQTT a
// CONNECT, SUBSCRIBE, UNSUBSCRIBE, or a PUBLISH above QoS 0 (in 3.1.1 that has none, and passes).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kReject;

}  // namespace brownout::rules
