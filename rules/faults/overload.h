// overload: a server of finite capacity in front of the real one (rules/overload_model.h). Requests
// queue, wait longer the fuller the queue is, and are turned away when it is full; phantom load
// uses up the capacity without anybody sending it, and its retries can keep the server down.
//
// `unit` is what counts as a request: a connection (it waits before the server is dialled), an HTTP
// request, or a message (a chunk that a client sends on a connection, a datagram); a DNS query is
// always one.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kOverload;

}  // namespace brownout::rules
