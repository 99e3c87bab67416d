#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/postgres/codec/postgres_codec.h"
#include "rules/protocols/postgres/codec/postgres_watch.h"

namespace brownout::messages {

extern const CodecRow kPostgresCodec{
    .protocol = rules::PostgresMessage::protocol,
    .connection = [](const rules::Listener&) -> std::unique_ptr<MessageCodec> {
      return std::make_unique<PostgresCodec>();
    },
    .requests = make_postgres_watch};

}  // namespace brownout::messages
