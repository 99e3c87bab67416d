// CodecRow: what the codec of a messaging protocol gives to the proxy. The file codec/row.cpp of
// the protocol's folder NAME defines kNameCodec; CMake makes the table (codec_rows.h) of these
// files.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "rules/language/config.h"
#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

struct CodecRow {
  const rules::MessageProtocol& (*protocol)();
  // Of a connection of its own; null: it has none.
  std::unique_ptr<MessageCodec> (*connection)(const rules::Listener& listener) = nullptr;
  // Of a connection that became WebSocket with one of these subprotocols, or with any if there are
  // none; null: it is never inside WebSocket. `extensions` is what was agreed on (RFC 6455, 9),
  // `flow` names the dice of masks.
  std::unique_ptr<MessageCodec> (*websocket)(std::string_view extensions,
                                             rules::Key flow) = nullptr;
  std::span<const std::string_view> subprotocols = {};
  // Null: its requests are not known.
  std::unique_ptr<RequestWatch> (*requests)() = nullptr;
};

}  // namespace brownout::messages
