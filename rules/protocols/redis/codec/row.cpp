#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/redis/codec/redis_codec.h"
#include "rules/protocols/redis/codec/redis_watch.h"

namespace brownout::messages {

extern const CodecRow kRedisCodec{
    .protocol = rules::RedisMessage::protocol,
    .connection = [](const rules::Listener& listener) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<RedisCodec>(listener.rewrite);
    },
    .requests = make_redis_watch};

}  // namespace brownout::messages
