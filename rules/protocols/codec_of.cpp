#include "rules/protocols/codec/codec_of.h"

#include <algorithm>

#include "rules/protocols/codec_rows.h"

namespace brownout::messages {
namespace {

// Returns the table entry of a listener's protocol, or null if the protocol has no codec.
const CodecRow* row_of(rules::Protocol protocol) {
  for (const auto* row : kCodecRows) {
    if (protocol.of_messages() == &row->protocol()) return row;
  }
  return nullptr;
}

bool is_for(const CodecRow& row, std::string_view subprotocol) {
  const auto& names = row.subprotocols;
  return row.websocket != nullptr &&
         std::find(names.begin(), names.end(), subprotocol) != names.end();
}

bool is_one_of(std::span<const std::string_view> types, std::string_view media_type) {
  return std::any_of(types.begin(), types.end(), [&](std::string_view type) {
    return media_type.starts_with(type) &&
           (media_type.size() == type.size() || media_type[type.size()] == '+');
  });
}

const std::string& type_of_body(const rules::HttpExchange& exchange, Direction direction) {
  return direction == Direction::kUpstream ? exchange.request_type : exchange.response_type;
}

// Returns the table entry for the messages in a body, or null if there are none.
const CodecRow* body_row_of(const rules::Listener& listener, const rules::HttpExchange& exchange,
                            Direction direction) {
  const auto& type = type_of_body(exchange, direction);
  const auto* found = std::find_if(kCodecRows.begin(), kCodecRows.end(), [&](const auto* row) {
    return row->body != nullptr && listener.protocol.of_messages() == &row->protocol() &&
           (is_one_of(row->media_types, type) || is_one_of(row->base64_types, type));
  });
  return found != kCodecRows.end() ? *found : nullptr;
}

}  // namespace

std::unique_ptr<MessageCodec> codec_of(const rules::Listener& listener) {
  const auto* row = row_of(listener.protocol);
  return row != nullptr && row->connection != nullptr ? row->connection(listener) : nullptr;
}

std::unique_ptr<MessageCodec> codec_of_websocket(std::string_view subprotocol,
                                                 std::string_view extensions, rules::Key flow) {
  const CodecRow* chosen = nullptr;
  for (const auto* row : kCodecRows) {
    const bool any = row->websocket != nullptr && row->subprotocols.empty();
    if (is_for(*row, subprotocol) || (chosen == nullptr && any)) chosen = row;
  }
  return chosen->websocket(extensions, flow);
}

std::unique_ptr<MessageCodec> codec_of_websocket(const rules::HttpHead& accepted, rules::Key flow) {
  const auto* chosen = accepted.find("sec-websocket-protocol");
  return codec_of_websocket(chosen != nullptr ? *chosen : std::string(),
                            accepted.list("sec-websocket-extensions"), flow);
}

std::unique_ptr<MessageCodec> codec_of_body(const rules::Listener& listener,
                                            const rules::HttpExchange& exchange,
                                            Direction direction) {
  const auto* row = body_row_of(listener, exchange, direction);
  return row != nullptr ? row->body(listener, exchange) : nullptr;
}

bool has_body_codec(const rules::Listener& listener, const rules::HttpExchange& exchange,
                    Direction direction) {
  return body_row_of(listener, exchange, direction) != nullptr;
}

bool has_base64_body(const rules::Listener& listener, const rules::HttpExchange& exchange,
                     Direction direction) {
  const auto* row = body_row_of(listener, exchange, direction);
  return row != nullptr && is_one_of(row->base64_types, type_of_body(exchange, direction));
}

std::unique_ptr<RequestWatch> request_watch_of(rules::Protocol protocol) {
  const auto* row = row_of(protocol);
  return row != nullptr && row->requests != nullptr ? row->requests() : nullptr;
}

}  // namespace brownout::messages
