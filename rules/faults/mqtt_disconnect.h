// mqtt_disconnect: the server ends an MQTT connection and says why, and where to go instead (MQTT
// 5.0, 3.14 and 4.11); in 3.1.1 it just ends. The broker sees its client vanish: the will is
// published.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kMqttDisconnect;

}  // namespace brownout::rules
