// Returns the framing (length and presence of a body) that the head of an HTTP/2 message describes
// (RFC 9113, 8.1). `ended` means that the stream ends with the head. Pure; any thread.
#pragma once

#include "rules/protocols/http/codec/framing.h"
#include "rules/protocols/http1/http.h"

namespace brownout::http2 {

codecs::HttpFraming framing_of(const rules::HttpHead& head, bool ended);

}  // namespace brownout::http2
