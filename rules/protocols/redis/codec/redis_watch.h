// make_redis_watch() creates a RequestWatch (request_watch.h) that pairs Redis commands with their
// replies, in order, to measure success and latency.
//
// Every command that expects a reply is a request, except those that may block for any time (BLPOP,
// XREAD BLOCK, WAIT). An error counts as a failure only if it is the server's fault, like status
// 500 in HTTP: LOADING, OOM, READONLY and the like, and the default text of `reject`. Errors such
// as ERR and WRONGTYPE are the answers of a healthy server to a wrong command. MOVED and ASK are
// normal in a cluster. The caller owns the RequestWatch. No I/O; one thread.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_redis_watch();

}  // namespace brownout::messages
