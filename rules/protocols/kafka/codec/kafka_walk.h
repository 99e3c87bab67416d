// KafkaWalk follows a response of a flexible version to the tagged fields at its end, without
// storing it. The endpoints of new leaders are there (KIP-951), behind up to 50 MiB of records.
//
// The result does not depend on how reads split the response. Memory is a few words for each level
// of the schema. Owned by a KafkaCodec; no I/O; one thread.
//
// Source: kafka.apache.org/protocol; KIP-482 (flexible versions).
#pragma once

#include <cstdint>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/kafka/kafka_schema.h"

namespace brownout::codecs {

class KafkaWalk {
 public:
  // `version` must be a flexible version that the schema decodes.
  KafkaWalk(const rules::KafkaApi& api, std::int16_t version);

  // Takes bytes of the response, from the first one after the correlation id. Returns the number
  // of bytes taken, which is less than the size only at the tagged fields at the end, or if the
  // bytes do not fit the schema.
  std::size_t next(ByteView bytes);
  bool at_tail() const { return at_tail_; }
  bool failed() const { return failed_; }

 private:
  enum class Part : std::uint8_t { kFields, kItems, kTagCount, kTags, kTagSize };
  // The rest of a struct, of a list, or of tagged fields.
  struct Level {
    Part part;
    const rules::KafkaField* field = nullptr;  // the struct or the list
    std::size_t next = 0;                      // index of the struct's next field
    std::uint64_t left = 0;                    // number of elements or tagged fields
  };

  // Take one step at the innermost level. Return false if more bytes are needed.
  bool step(ByteView& bytes);
  bool step_fields(ByteView& bytes);
  bool step_items(ByteView& bytes);
  bool step_tags(ByteView& bytes);
  // Handles one value that is no list. Returns false if more bytes are needed.
  bool enter(const rules::KafkaField& field, bool element, ByteView& bytes);
  bool take_varint(ByteView& bytes);

  const std::int16_t version_;
  std::vector<Level> levels_;
  std::uint64_t skip_ = 0;    // bytes to skip before the next step
  std::uint64_t number_ = 0;  // the number that take_varint() has read, or a part of it
  unsigned shift_ = 0;        // number of bits of that part
  bool at_tail_ = false;
  bool failed_ = false;
};

}  // namespace brownout::codecs
