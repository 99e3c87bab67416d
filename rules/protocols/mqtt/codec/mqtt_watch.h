// make_mqtt_watch() creates a RequestWatch (request_watch.h) that pairs MQTT requests with their
// acknowledgements, to measure success and latency.
//
// The pairs are CONNECT and CONNACK, PINGREQ and PINGRESP. Paired by packet identifier: PUBLISH and
// PUBACK (QoS 1) or PUBREC (QoS 2), PUBREL and PUBCOMP, SUBSCRIBE and SUBACK, UNSUBSCRIBE and
// UNSUBACK (MQTT 5.0, table 2-1). A reason code of 128 or more is a failure (MQTT 5.0, section
// 2.4). The caller owns the RequestWatch. No I/O; one thread.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_mqtt_watch();

}  // namespace brownout::messages
