// Checks for HTTP/1 heads that two implementations may read differently, which allows request
// smuggling (RFC 9112, 11.2). No I/O.
#pragma once

#include <string>
#include <string_view>

namespace brownout::codecs {

// Returns the name of the first byte sequence in the head that the proxy refuses although the HTTP
// parser (llhttp) accepts it; "" if there is none.
std::string_view refused_bytes(std::string_view head);

// Replaces each non-ASCII byte of a request line by a letter. llhttp accepts only ASCII targets,
// while browsers and curl send other bytes in spite of RFC 3986. A letter cannot be mistaken for a
// blank or a part of the version.
std::string in_ascii(std::string_view line);
bool is_ascii(std::string_view text);

// The codings of a Transfer-Encoding (RFC 9112, 6.1 and 7).
enum class Codings { kNone, kMalformed, kChunkedLast, kOther };

// Returns kMalformed if "chunked" appears twice or has parameters, or if there is a tab, which is
// legal, but implementations read it differently. Returns kOther if "chunked" is not the last
// coding.
Codings codings_of(std::string_view value);

}  // namespace brownout::codecs
