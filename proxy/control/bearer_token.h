// Bearer tokens of the control plane's HTTP interfaces (RFC 6750, 2.1).
#pragma once

#include <string>

#include "rules/protocols/http1/http.h"

namespace brownout::proxy {

// Whether the head of a request has the header `Authorization: Bearer TOKEN`. The time of the
// comparison does not depend on where two tokens differ. Always false if `token` is empty.
bool has_bearer_token(const rules::HttpHead& head, const std::string& token);

}  // namespace brownout::proxy
