// ack_loss: acknowledgements of messages vanish, and the messages do not: PUBACK, PUBREC, PUBREL
// and PUBCOMP of MQTT, <a/> of XMPP, the kinds that a framing says acknowledge. Who is not answered
// must send again, and who gets it again must know it.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kAckLoss;

}  // namespace brownout::rules
