// Shapes of HTTP/1 heads that two readers may take for different things (RFC 9112, 11.2). No I/O.
#pragma once

#include <string>
#include <string_view>

namespace brownout::codecs {

// Names the bytes that no head may contain, whatever a parser makes of them; "" if there are none.
std::string_view refused_bytes(std::string_view head);

// A request line, or a part of it, as llhttp takes it: of a target it wants ASCII alone, while
// clients send what their users typed (RFC 3986 has no such bytes; URLs of browsers and curl do).
// A letter stands for each other byte, where no version and no blank can be read into it.
std::string in_ascii(std::string_view line);
bool is_ascii(std::string_view text);

// The codings of a Transfer-Encoding (RFC 9112, 6.1 and 7).
enum class Codings { kNone, kMalformed, kChunkedLast, kOther };

// Chunks are once only, have no parameters, and, where they are not the last coding, do not say
// where the body ends. A tab is legal, but read differently by too many.
Codings codings_of(std::string_view value);

}  // namespace brownout::codecs
