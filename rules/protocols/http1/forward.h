// HTTP as a forward proxy speaks it: requests with a URL as their target (RFC 9112, 3.2.2), and
// headers that concern one connection only (RFC 9110, 7.6.1).
#pragma once

#include <string_view>

#include "rules/base/address.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

// The server that a target in absolute form names: "http://host/path" has port 80. An error for
// every other target, and for other schemes than http.
Result<Endpoint> server_of(std::string_view target);
// Changes a request to a proxy into the same request to the server: a path as its target, the URL's
// host as its Host, and without headers that concern the proxy's connection.
void make_direct(HttpHead& request);
// Removes the headers that concern one connection, except those that frame the body.
void remove_hop_headers(HttpHead& head);

}  // namespace brownout::rules
