// Functions that convert an HTTP request to a forward proxy into a request to the server. Such a
// request has an absolute URL as target (RFC 9112, 3.2.2), and hop-by-hop headers (RFC 9110,
// 7.6.1). Pure; any thread.
#pragma once

#include <string_view>

#include "rules/base/address.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

// Returns the server in a request target that is an absolute URL. The port is 80 if the URL has
// none. Returns an error if the target is not a URL, or its scheme is not http.
Result<Endpoint> server_of(std::string_view target);
// Changes a request to a proxy into the same request to the server. The target becomes a path, Host
// becomes the host of the URL, and headers that concern only the client's connection are removed.
void make_direct(HttpHead& request);
// offers_h2c(): whether the request offers an upgrade to HTTP/2 without TLS ("Upgrade: h2c"; RFC
// 7540, 3.2, which RFC 9113 has dropped). remove_h2c() removes the offer: if a server accepted it,
// the proxy could not apply rules to the HTTP/2 frames.
bool offers_h2c(const HttpHead& request);
void remove_h2c(HttpHead& request);
// Removes the hop-by-hop headers, except those that determine where the body ends.
void remove_hop_headers(HttpHead& head);

}  // namespace brownout::rules
