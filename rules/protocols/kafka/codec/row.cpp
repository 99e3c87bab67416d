#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/kafka/codec/kafka_codec.h"

namespace brownout::messages {

extern const CodecRow kKafkaCodec{
    .protocol = rules::KafkaMessage::protocol,
    .connection = [](const rules::Listener& listener) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<KafkaCodec>(listener.rewrite, listener.names);
    }};

}  // namespace brownout::messages
