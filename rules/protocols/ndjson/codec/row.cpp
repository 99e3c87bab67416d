#include <array>

#include "rules/protocols/codec/codec_row.h"
#include "rules/protocols/ndjson/codec/ndjson_codec.h"

namespace brownout::messages {
namespace {

constexpr std::array kNdjsonTypes = std::to_array<std::string_view>(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
     "application/json-lines", "application/jsonlines", "application/stream+json"});

}  // namespace

extern const CodecRow kNdjsonCodec{
    .protocol = rules::NdjsonMessage::protocol,
    .body = [](const rules::Listener&, const rules::HttpExchange&)
        -> std::unique_ptr<MessageCodec> { return std::make_unique<NdjsonCodec>(); },
    .media_types = kNdjsonTypes};

}  // namespace brownout::messages
