#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/xmpp/codec/xmpp_codec.h"
#include "rules/protocols/xmpp/codec/xmpp_watch.h"

namespace brownout::messages {

extern const CodecRow kXmppCodec{
    .protocol = rules::XmppMessage::protocol,
    .connection = [](const rules::Listener&) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<XmppCodec>();
    },
    .requests = make_xmpp_watch};

}  // namespace brownout::messages
