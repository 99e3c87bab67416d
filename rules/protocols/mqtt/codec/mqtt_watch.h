// Which packets of MQTT are requests, and what answers each (request_watch.h): CONNECT - CONNACK,
// PINGREQ - PINGRESP; by packet identifier PUBLISH - PUBACK (QoS 1) or PUBREC (QoS 2), PUBREL -
// PUBCOMP, SUBSCRIBE - SUBACK, UNSUBSCRIBE - UNSUBACK (MQTT 5.0, table 2-1). A reason code of 128
// or more is a failure (2.4).
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_mqtt_watch();

}  // namespace brownout::messages
