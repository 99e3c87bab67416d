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

std::unique_ptr<RequestWatch> request_watch_of(rules::Protocol protocol) {
  const auto* row = row_of(protocol);
  return row != nullptr && row->requests != nullptr ? row->requests() : nullptr;
}

}  // namespace brownout::messages
