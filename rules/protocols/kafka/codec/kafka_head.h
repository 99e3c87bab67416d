// read_kafka_head() reads the head of a Kafka request: its header, and whether the client expects a
// response.
//
// Source: kafka.apache.org/protocol, Request Header v1 and v2. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

struct KafkaHead {
  std::int16_t key = 0;
  std::int16_t version = 0;
  std::int32_t correlation = 0;
  std::string_view client_id = {};  // refers to the bytes that were read
  std::size_t size = 0;             // of the header, without the length in front
  bool answered = true;             // false for Produce with acks = 0
  bool complete = false;            // whether the bytes had the client id and all before it
  bool whole = false;               // whether the bytes had all of the above
};

// `bytes` begin behind the length of the request, and may end anywhere.
KafkaHead read_kafka_head(ByteView bytes);

}  // namespace brownout::codecs
