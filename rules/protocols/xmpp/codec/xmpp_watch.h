// Pairs XMPP requests with their answers (request_watch.h).
//
// A request is an <iq> of type get or set; its answer is the <iq> of type result or error with the
// same id (RFC 6120, 8.2.3). An error counts as a failure only if the server is to blame, like
// status 500 in HTTP: internal-server-error, remote-server-timeout, resource-constraint.
// service-unavailable is not a failure: servers answer it to any namespace they do not support
// (8.4).
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_xmpp_watch();

}  // namespace brownout::messages
