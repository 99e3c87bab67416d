// SseMessage is one message of an event stream (Server-Sent Events: WHATWG HTML, 9.2), for rules:
// an event, or a comment that keeps the stream open. The message payload is the data of the event
// (its lines joined by LF) or the text of a comment.
//
// rules/protocols/sse/codec converts messages from and to the wire format. Immutable once rules can
// access it; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

enum class SseKind : std::uint8_t {
  kEvent,    // has data: the client dispatches an event
  kFields,   // has no data, only an `id`, a `retry` or an `event`: the client dispatches nothing
  kComment,  // a line that begins with a colon: keeps the connection open
};

struct SseMessage final : MessageView {
  static const MessageProtocol& protocol();

  SseKind kind = SseKind::kEvent;
  std::string type = {};   // value of the field `event`; "" if absent
  std::string id = {};     // value of the field `id`; "" if absent or empty
  bool has_id = false;     // whether there is a field `id`; an empty one resets the client's id
  std::string retry = {};  // value of the field `retry`, in milliseconds; "" if absent
  // The header Last-Event-ID of the request: the id after which the client wants to continue; "" if
  // absent. Null if a rule made the message.
  std::shared_ptr<const std::string> last_event_id = {};

  // Returns the type with which the client dispatches the event.
  std::string_view event() const { return type.empty() ? std::string_view("message") : type; }
  std::size_t memory() const override {
    return sizeof *this + type.size() + id.size() + retry.size();
  }
};

}  // namespace brownout::rules
