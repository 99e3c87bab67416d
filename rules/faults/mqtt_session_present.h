// A CONNACK lies about the session (MQTT 5.0, 3.2.2.1.1).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kMqttSessionPresent;

}  // namespace brownout::rules
