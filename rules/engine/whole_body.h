// Helpers for faults that read and change a whole HTTP body (HttpFault::on_body()). The helpers
// decode a compressed body (Content-Encoding) and encode the changed body again. Pure; any thread.
#pragma once

#include <functional>

#include "rules/engine/http_fault.h"

namespace brownout::rules {

// Largest body that a fault collects, unless its keys set another limit.
inline constexpr Bytes kMostBody{1 << 20};

// Whether the body is a stream of server-sent events, which has no end to wait for.
bool is_event_stream(const HttpHead& head);

// Must be called in act(): requests that on_body() is called with the whole body. `most` limits its
// size, as received and as decoded. Does nothing if the message has no body.
void want_body(const HttpContext& context, HttpMessage& message, Bytes most);

// A function that returns the new text of a body, or an error with the reason why the text stays
// unchanged.
using TextEdit = std::function<Result<std::string>(const std::string& text)>;

// Must be called in on_body(): changes the text of the body. Removes the headers that describe the
// old body, as nginx does after a substitution: ETag, Last-Modified, digests and Accept-Ranges.
// With ETag or Last-Modified, a client could cache the changed body beyond the end of the fault.
Result<std::optional<Note>> edit_body(HttpMessage& message, Bytes most, std::string_view action,
                                      const TextEdit& edit);

}  // namespace brownout::rules
