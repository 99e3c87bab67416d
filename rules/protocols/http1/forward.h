// Functions for the requests that a client sends to a forward proxy: their target is a URL (RFC
// 9112, 3.2.2), and some of their headers concern one connection only (RFC 9110, 7.6.1). Pure; any
// thread.
#pragma once

#include <string_view>

#include "rules/base/address.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

// Returns the server that a URL as the target names. The port is 80 if the URL has none. Returns an
// error for a target that is no URL, and for a URL whose scheme is not http.
Result<Endpoint> server_of(std::string_view target);
// Changes a request to a proxy into the same request to the server. The target becomes a path, Host
// becomes the host of the URL, and headers that concern only the client's connection are removed.
void make_direct(HttpHead& request);
// Removes the offer to change to HTTP/2 in the clear (RFC 7540, 3.2), which RFC 9113 has dropped: a
// server that took it would send frames that no rule sees.
bool offers_h2c(const HttpHead& request);
void remove_h2c(HttpHead& request);
// Removes the headers that concern one connection, except those that say where the body ends.
void remove_hop_headers(HttpHead& head);

}  // namespace brownout::rules
