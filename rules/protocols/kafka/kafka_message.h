// KafkaMessage is a request of a Kafka client, or a response together with its request, as a
// message for rules.
//
// `Message::wire` is its header, without the length in front; the payload is its body. Immutable
// once rules can access it; any thread, except records().
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/base/shared_names.h"
#include "rules/message/message_protocol.h"
#include "rules/protocols/kafka/kafka_schema.h"
#include "rules/protocols/kafka/kafka_tree.h"

namespace brownout::rules {

struct KafkaMessage;
struct KafkaBodyRecords;  // defined in kafka_body_records.h
struct KafkaRecordSlot;   // defined in kafka_body_records.h

// A partition that a message names, or a whole topic.
struct KafkaPart {
  std::string topic = {};       // empty if only the topic's id is known
  std::int32_t partition = -1;  // -1 for the whole topic
  std::int16_t error = 0;
  bool end = false;  // whether a request to ListOffsets asks for its end (timestamp -1)

  friend bool operator==(const KafkaPart&, const KafkaPart&) = default;
};

// KafkaEdit changes the response to a request on which a fault acted. Immutable; any thread.
class KafkaEdit {
 public:
  virtual ~KafkaEdit() = default;
  virtual void apply(KafkaTree& response, const KafkaMessage& request) const = 0;
};

struct KafkaMessage final : MessageView {
  // Maximum number of partitions that a message keeps for rules.
  static constexpr std::size_t kMostParts = 4096;
  static constexpr std::size_t kMostNames = 256;  // of groups, transactional ids or errors

  static const MessageProtocol& protocol();

  std::int16_t key = 0;          // of the API
  std::int16_t version = 0;      // of the API
  std::int32_t correlation = 0;  // correlation id
  bool response = false;
  bool decoded = false;  // whether the body was read, so that the facts below are known
  std::string client_id = {};
  std::vector<KafkaPart> parts = {};
  std::vector<std::string> groups = {};
  std::vector<std::string> transactional_ids = {};
  std::vector<std::int16_t> errors = {};             // of a response, each once, without 0
  std::optional<std::int16_t> acks = {};             // of a Produce request
  std::shared_ptr<const KafkaMessage> request = {};  // that a response answers
  // Number of a request, from 1, among those of its connection that get a response. 0 if it gets
  // none.
  std::uint64_t ordinal = 0;
  std::vector<std::shared_ptr<const KafkaEdit>> edits = {};  // of the response to a request
  SharedNames topics = {};                                   // names of topics by id

  // Returns null for an unknown API.
  const KafkaApi* api() const { return kafka_api(key); }
  std::string api_name() const { return api() != nullptr ? api()->name : std::to_string(key); }
  // Return what the message names, or, if it names nothing, what its request names.
  const std::vector<KafkaPart>& all_parts() const {
    return parts.empty() && request ? request->parts : parts;
  }
  const std::vector<std::string>& all_groups() const {
    return groups.empty() && request ? request->groups : groups;
  }
  const std::vector<std::string>& all_transactional_ids() const {
    return transactional_ids.empty() && request ? request->transactional_ids : transactional_ids;
  }
  // Whether the body may have records: a Produce request, or a Fetch or ShareFetch response.
  bool has_records() const;
  // Returns the records of the body, which are read at the first call. For the thread of the
  // connection only. has_records() must be true.
  std::shared_ptr<const KafkaBodyRecords> records(std::span<const std::byte> body) const;
  // Sets the records of a message that has no body.
  void set_records(std::shared_ptr<const KafkaBodyRecords> records);
  // Must be called when the body changes.
  void forget_records() { records_.reset(); }
  std::size_t memory() const override;

  std::shared_ptr<KafkaRecordSlot> slot = {};  // of the connection; may be null

 private:
  mutable std::weak_ptr<const KafkaBodyRecords> records_;
};

// Sets the facts of `message` from its body: topics, groups, errors and so on.
void set_kafka_facts(KafkaMessage& message, const KafkaTree& body);

// Returns the message if it is a request that gets a response. Null for all other chunks.
const KafkaMessage* kafka_request_of(const Chunk& chunk);
// Returns the body of a decoded message. The tree refers to the bytes of the chunk.
std::optional<KafkaTree> kafka_body_of(const Chunk& chunk);
// Returns the same message with another body.
Chunk kafka_chunk_with(const Chunk& chunk, const KafkaTree& body);
// Returns the same request, whose response will be changed.
Chunk kafka_chunk_with(const Chunk& chunk, std::shared_ptr<const KafkaEdit> edit);
// Returns the response to a request, with this body.
Chunk kafka_response(const std::shared_ptr<const KafkaMessage>& request, const KafkaTree& body);
// Returns the view of a message that owns its message.
std::shared_ptr<const KafkaMessage> shared_kafka_view(const Chunk& chunk);

}  // namespace brownout::rules
