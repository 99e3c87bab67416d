// make_nats_watch() creates a RequestWatch (request_watch.h) that pairs NATS requests with their
// answers, to measure success and latency.
//
// A PUB or HPUB with a reply subject is answered by the first MSG or HMSG on that subject, which
// may be a JetStream acknowledgement. PING is answered by PONG, in order. A status of 500 or more
// ("no responders" is 503) is a failure, and so is a JetStream error with such a code (NATS
// architecture decision records ADR-4 and ADR-1). The caller owns the RequestWatch. No I/O; one
// thread.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_nats_watch();

}  // namespace brownout::messages
