#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/framed/codec/framed_codec.h"

namespace brownout::messages {

extern const CodecRow kFramedCodec{
    .protocol = rules::FramedMessage::protocol,
    .connection = [](const rules::Listener& listener) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<FramedCodec>(listener.framing.value_or(rules::Framing{}));
    }};

}  // namespace brownout::messages
