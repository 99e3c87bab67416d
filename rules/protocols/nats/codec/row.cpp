#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/nats/codec/nats_codec.h"

namespace brownout::messages {

extern const CodecRow kNatsCodec{
    .protocol = rules::NatsMessage::protocol,
    .connection = [](const rules::Listener&) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<NatsCodec>();
    }};

}  // namespace brownout::messages
