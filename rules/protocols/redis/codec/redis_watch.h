// Which commands of Redis are requests, and what answers each (request_watch.h): in order, all that
// a reply is expected to, but those that block for as long as they like (BLPOP, XREAD BLOCK, WAIT).
// An error is a failure where the server is to blame, as a status of 500 is in HTTP: LOADING, OOM,
// READONLY and the like, and what `reject` says. ERR, WRONGTYPE and such are what a healthy server
// says to a command that cannot be, and MOVED and ASK are part of a cluster's work.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_redis_watch();

}  // namespace brownout::messages
