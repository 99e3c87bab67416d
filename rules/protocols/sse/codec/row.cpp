#include <array>

#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/sse/codec/sse_codec.h"

namespace brownout::messages {
namespace {

constexpr std::array<std::string_view, 1> kSseTypes{"text/event-stream"};

}  // namespace

extern const CodecRow kSseCodec{
    .protocol = rules::SseMessage::protocol,
    .body = [](const rules::Listener&,
               const rules::HttpExchange& exchange) -> std::unique_ptr<MessageCodec> {
      const auto* id = exchange.request.find("last-event-id");
      return std::make_unique<SseCodec>(id != nullptr ? *id : std::string());
    },
    .media_types = kSseTypes};

}  // namespace brownout::messages
