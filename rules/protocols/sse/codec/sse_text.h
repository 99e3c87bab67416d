// Functions that convert one message of an event stream from and to its lines (WHATWG HTML, 9.2.5
// and 9.2.6). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/protocols/sse/sse_message.h"

namespace brownout::codecs {

// Reads the lines of one message. A line ends with CR, LF or CRLF. Returns the payload: the data of
// an event, or the text of a comment.
std::string read_sse(std::string_view lines, rules::SseMessage& message);
// Returns the lines of a message. Line breaks in the data of an event divide it into several lines;
// in a comment they become blanks.
std::string write_sse(const rules::SseMessage& message, std::string_view payload);

}  // namespace brownout::codecs
