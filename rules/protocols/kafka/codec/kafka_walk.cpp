#include "rules/protocols/kafka/codec/kafka_walk.h"

#include <algorithm>

namespace brownout::codecs {
namespace {

using rules::fixed_kafka_size;
using rules::KafkaField;
using rules::KafkaType;

}  // namespace

KafkaWalk::KafkaWalk(const rules::KafkaApi& api, std::int16_t version) : version_(version) {
  levels_.push_back({Part::kFields, &api.response});
  levels_.push_back({Part::kTagCount});  // of the response's header
}

std::size_t KafkaWalk::next(ByteView bytes) {
  const auto size = bytes.size();
  while (!at_tail_ && !failed_) {
    const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
    bytes = bytes.subspan(static_cast<std::size_t>(skipped));
    skip_ -= skipped;
    if (skip_ > 0 || !step(bytes)) break;
  }
  return size - bytes.size();
}

bool KafkaWalk::step(ByteView& bytes) {
  switch (levels_.back().part) {
    case Part::kFields:
      return step_fields(bytes);
    case Part::kItems:
      return step_items(bytes);
    default:
      return step_tags(bytes);
  }
}

bool KafkaWalk::step_fields(ByteView& bytes) {
  auto& level = levels_.back();
  const auto& fields = level.field->fields;
  const auto here = [&](const KafkaField& field) {
    return !field.tag && field.versions.has(version_);
  };
  while (level.next < fields.size() && !here(fields[level.next])) ++level.next;
  if (level.next == fields.size()) {
    at_tail_ = levels_.size() == 1;
    level = {Part::kTagCount};
    return true;
  }
  const auto& field = fields[level.next];
  if (!field.list) {
    const auto depth = levels_.size() - 1;
    if (!enter(field, false, bytes)) return false;
    ++levels_[depth].next;
    return true;
  }
  if (!take_varint(bytes)) return false;
  ++level.next;
  // The number is that of the elements plus 1; 0 is null.
  levels_.push_back({Part::kItems, &field, 0, number_ == 0 ? 0 : number_ - 1});
  return true;
}

bool KafkaWalk::step_items(ByteView& bytes) {
  auto& level = levels_.back();
  if (level.left == 0) {
    levels_.pop_back();
    return true;
  }
  const auto& field = *level.field;
  // Elements of a fixed size are skipped together.
  if (const auto size = fixed_kafka_size(field.type); size > 0) {
    skip_ = size * level.left;
    levels_.pop_back();
    return true;
  }
  const auto depth = levels_.size() - 1;
  if (!enter(field, true, bytes)) return false;
  --levels_[depth].left;
  return true;
}

bool KafkaWalk::step_tags(ByteView& bytes) {
  auto& level = levels_.back();
  if (level.part == Part::kTags && level.left == 0) {
    levels_.pop_back();
    return true;
  }
  if (!take_varint(bytes)) return false;
  switch (level.part) {
    case Part::kTagCount:
      level.part = Part::kTags;
      level.left = number_;
      break;
    case Part::kTags:
      level.part = Part::kTagSize;
      break;
    default:
      level.part = Part::kTags;
      --level.left;
      skip_ = number_;
      break;
  }
  return true;
}

bool KafkaWalk::enter(const KafkaField& field, bool element, ByteView& bytes) {
  if (field.type == KafkaType::kStruct) {
    const bool nullable = !element && field.nullable && field.nullable->has(version_);
    if (nullable) {
      if (bytes.empty()) return false;
      const bool null = std::to_integer<int>(bytes.front()) >= 128;
      bytes = bytes.subspan(1);
      if (null) return true;
    }
    levels_.push_back({Part::kFields, &field});
    return true;
  }
  if (const auto size = fixed_kafka_size(field.type); size > 0) {
    skip_ = size;
    return true;
  }
  if (!take_varint(bytes)) return false;
  skip_ = number_ == 0 ? 0 : number_ - 1;
  return true;
}

// Reads an unsigned varint into number_. Returns false if more bytes are needed.
bool KafkaWalk::take_varint(ByteView& bytes) {
  if (shift_ == 0) number_ = 0;
  while (!bytes.empty()) {
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    number_ |= (byte & 127) << shift_;
    shift_ += 7;
    if (byte < 128 && number_ <= UINT32_MAX) {
      shift_ = 0;
      return true;
    }
    if (shift_ >= 35) {
      failed_ = true;
      return false;
    }
  }
  return false;
}

}  // namespace brownout::codecs
