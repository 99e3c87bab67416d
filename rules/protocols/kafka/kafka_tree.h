// KafkaTree is the body of a Kafka request or response as a tree of values, one for each field of
// its schema (kafka_schema.h). A body that is read and written again has the same bytes, if its
// sender used the shortest form of each length, as the protocol's implementations do.
//
// Texts refer to the bytes that were read, or to texts that the tree keeps. Plain values; one
// thread at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/kafka/kafka_schema.h"

namespace brownout::rules {

struct KafkaValue {
  const KafkaField* field = nullptr;
  std::int64_t number = 0;     // of integers and bool; for float64, its bits
  std::string_view text = {};  // of string, bytes, uuid (16 bytes) and records
  bool null = false;
  // Whether the message does not have the field: another version has it, or it is tagged and left
  // out.
  bool absent = false;
  // Elements of a list; for a struct, one value for each field of its schema.
  std::vector<KafkaValue> items = {};
  // Tagged fields of a struct that the schema does not have.
  struct Unknown {
    std::uint32_t tag = 0;
    std::string_view bytes = {};
  };
  std::vector<Unknown> unknown = {};

  bool is(KafkaRole role) const { return field->role == role && !absent; }
  // Return the value of a struct's field. Null if the message does not have the field.
  KafkaValue* find(std::string_view name);
  const KafkaValue* find(std::string_view name) const;
  KafkaValue* find(KafkaRole role);
  const KafkaValue* find(KafkaRole role) const;
};

class KafkaTree {
 public:
  // A copy would refer to the texts that the original keeps.
  KafkaTree(const KafkaTree&) = delete;
  KafkaTree& operator=(const KafkaTree&) = delete;
  KafkaTree(KafkaTree&&) = default;
  KafkaTree& operator=(KafkaTree&&) = default;

  // Maximum number of values in one tree, which bounds its memory.
  static constexpr std::size_t kMostValues = 1 << 20;

  // Why a body could not be read.
  struct Problem {
    std::string field = {};    // the field that the bytes do not fit; "" for bytes behind the last
    std::size_t position = 0;  // of the field in the body, in bytes
    bool too_many = false;     // whether the body has more than kMostValues values
  };
  // Reads a body. `schema` is KafkaApi::request or KafkaApi::response. `bytes` is borrowed. Returns
  // no value if the bytes do not fit the schema, and sets `problem` if it is not null.
  static std::optional<KafkaTree> read(const KafkaApi& api, const KafkaField& schema,
                                       std::int16_t version, std::span<const std::byte> bytes,
                                       Problem* problem = nullptr);
  // Creates a body in which all fields have their defaults.
  static KafkaTree blank(const KafkaApi& api, const KafkaField& schema, std::int16_t version);

  std::vector<std::byte> write() const;

  KafkaValue& root() { return root_; }
  const KafkaValue& root() const { return root_; }
  std::int16_t version() const { return version_; }

  // Returns a list element, or a struct, whose fields have their defaults.
  KafkaValue blank_item(const KafkaField& field) const;
  // Returns a view of the text that lives as long as the tree.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  KafkaTree(const KafkaApi& api, std::int16_t version)
      : version_(version), flexible_(api.is_flexible(version)) {}
  KafkaValue blank_value(const KafkaField& field) const;

  std::int16_t version_;
  bool flexible_;
  KafkaValue root_;
  std::deque<std::string> kept_;
};

}  // namespace brownout::rules
