// CodecRow is a table entry of one messaging protocol: functions that create its codecs (parsers
// and serializers) for a connection, or for the bodies of an HTTP exchange. The caller owns the
// codec.
//
// Each protocol folder NAME defines one constant, kNameCodec in codec/row.cpp. CMake collects these
// files into the table codec_rows.h. Immutable; any thread.
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
  // Creates the codec for messages directly on a TCP connection. Null if the protocol has messages
  // only inside WebSocket.
  std::unique_ptr<MessageCodec> (*connection)(const rules::Listener& listener) = nullptr;
  // Creates the codec for a connection that was upgraded to WebSocket; null if the protocol never
  // runs inside WebSocket. `subprotocols` lists the accepted subprotocols; if empty, any is
  // accepted. `extensions` are the negotiated ones (RFC 6455, 9); `flow` seeds the random masks.
  std::unique_ptr<MessageCodec> (*websocket)(std::string_view extensions,
                                             rules::Key flow) = nullptr;
  std::span<const std::string_view> subprotocols = {};
  // Creates the codec for the messages in the bodies of an HTTP request and its response. Null if
  // the protocol does not occur in bodies. The response is unknown while the request is sent.
  std::unique_ptr<MessageCodec> (*body)(const rules::Listener& listener,
                                        const rules::HttpExchange& exchange) = nullptr;
  // Media types of bodies with such messages, in lower case. A type also matches with a suffix:
  // "application/grpc" matches "application/grpc+proto".
  std::span<const std::string_view> media_types = {};
  // Like media_types, for bodies with the same messages in base64.
  std::span<const std::string_view> base64_types = {};
  // Creates the RequestWatch, which measures response times; null if requests cannot be paired with
  // their answers.
  std::unique_ptr<RequestWatch> (*requests)() = nullptr;
};

}  // namespace brownout::messages
