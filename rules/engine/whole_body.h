// Helpers for faults that read and change a whole HTTP body: HttpFault::on_body(). They undo its
// content coding and apply it again. Pure; any thread.
#pragma once

#include <functional>

#include "rules/engine/http_fault.h"

namespace brownout::rules {

// The most that a fault collects of a body, if its keys do not say otherwise.
inline constexpr Bytes kMostBody{1 << 20};

// Whether the body is a stream of server-sent events, which has no end to wait for.
bool is_event_stream(const HttpHead& head);

// Must be called in act(): asks for the whole body. It has at most `most` bytes, also when it is
// decoded. Asks for nothing if the message has no body.
void want_body(const HttpContext& context, HttpMessage& message, Bytes most);

// Returns the new text of a body, or an error with the reason why the text stays.
using TextEdit = std::function<Result<std::string>(const std::string& text)>;

// Must be called in on_body(): changes the text of the body. The headers that describe the old body
// are removed, as nginx does after a substitution: ETag and Last-Modified, with which a client
// would go on to use the changed body after the fault, the digests, and Accept-Ranges.
Result<std::optional<Note>> edit_body(HttpMessage& message, Bytes most, std::string_view action,
                                      const TextEdit& edit);

}  // namespace brownout::rules
