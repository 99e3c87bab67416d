// make_xmpp_watch() creates a RequestWatch (request_watch.h) that pairs XMPP requests with their
// answers, to measure success and latency.
//
// A request is an <iq> of type get or set. Its answer is the <iq> of type result or error with the
// same id (RFC 6120, 8.2.3). An error counts as a failure only if it is the server's fault, like
// status 500 in HTTP: internal-server-error, remote-server-timeout, resource-constraint.
// service-unavailable is not a failure, because servers send it for every namespace that they do
// not support (8.4). The caller owns the RequestWatch. No I/O; one thread.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_xmpp_watch();

}  // namespace brownout::messages
