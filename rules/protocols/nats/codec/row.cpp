#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/nats/codec/nats_codec.h"
#include "rules/protocols/nats/codec/nats_watch.h"

namespace brownout::messages {

extern const CodecRow kNatsCodec{
    .protocol = rules::NatsMessage::protocol,
    .connection = [](const rules::Listener&) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<NatsCodec>();
    },
    .requests = make_nats_watch};

}  // namespace brownout::messages
