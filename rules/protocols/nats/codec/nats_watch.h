// Which messages of NATS are requests, and what answers each (request_watch.h): PUB and HPUB with a
// reply subject - the first MSG or HMSG on that subject, an acknowledgement of JetStream among
// them; PING - PONG, in order. A status of 500 or more ("no responders" is 503) and an error of
// JetStream's with such a code are failures (ADR-4, ADR-1).
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_nats_watch();

}  // namespace brownout::messages
