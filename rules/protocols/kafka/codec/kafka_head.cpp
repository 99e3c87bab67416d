#include "rules/protocols/kafka/codec/kafka_head.h"

#include "rules/protocols/kafka/kafka_schema.h"
#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::codecs {
namespace {

void skip_kafka_tags(rules::KafkaBytesReader& from) {
  const auto count = from.varint();
  for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
    from.varint();
    from.take(from.varint());
  }
}

// Reads a text of which only the length matters; -1 is null.
void skip_kafka_text(rules::KafkaBytesReader& from, bool compact) {
  const auto size = compact ? std::int64_t{from.varint()} - 1 : from.number(2);
  if (size > 0) from.take(static_cast<std::size_t>(size));
}

}  // namespace

KafkaHead read_kafka_head(ByteView bytes) {
  rules::KafkaBytesReader from(bytes);
  KafkaHead head;
  head.key = static_cast<std::int16_t>(from.number(2));
  head.version = static_cast<std::int16_t>(from.number(2));
  head.correlation = static_cast<std::int32_t>(from.number(4));
  const auto size = from.number(2);
  if (size > 0) head.client_id = from.text(static_cast<std::size_t>(size));
  head.size = bytes.size() - from.left();
  head.complete = from.ok();
  const auto* api = rules::kafka_api(head.key);
  const bool flexible = api != nullptr && api->is_flexible(head.version);
  // The header of an unknown API is taken for the older one. Its tagged fields are part of the
  // body.
  if (flexible) skip_kafka_tags(from);
  head.whole = from.ok();
  if (flexible && head.whole) head.size = bytes.size() - from.left();
  if (head.key != rules::kKafkaProduceKey || !head.whole) return head;
  constexpr std::int16_t kFirstWithTransactionalId = 3;
  if (head.version >= kFirstWithTransactionalId) skip_kafka_text(from, flexible);
  const auto acks = from.number(2);
  head.whole = from.ok();
  head.answered = acks != 0 || !head.whole;
  return head;
}

}  // namespace brownout::codecs
