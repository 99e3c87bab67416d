// Which stanzas of XMPP are requests, and what answers each (request_watch.h): <iq> of type get or
// set - <iq> of type result or error, by id (RFC 6120, 8.2.3). An error is a failure where the
// server is to blame, as a status of 500 is in HTTP: internal-server-error, remote-server-timeout,
// resource-constraint. A service-unavailable is what each server says to a namespace that it does
// not know (8.4).
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_xmpp_watch();

}  // namespace brownout::messages
