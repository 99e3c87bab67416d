// CONNECT and CONNACK tell a small Receive Maximum (MQTT 5.0, 3.1.2.11.3 and 3.2.2.3.3).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kMqttReceiveMaximum;

}  // namespace brownout::rules
