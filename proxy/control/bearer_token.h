// Bearer tokens of the control plane's HTTP interfaces (RFC 6750, 2.1).
#pragma once

#include <string>

#include "rules/protocols/http1/http.h"

namespace brownout::proxy {

// Whether the head has `Authorization: Bearer TOKEN`. The comparison takes the same time wherever
// the two differ. Never true for an empty token.
bool has_bearer_token(const rules::HttpHead& head, const std::string& token);

}  // namespace brownout::proxy
