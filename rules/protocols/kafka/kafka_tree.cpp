#include "rules/protocols/kafka/kafka_tree.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/protocols/kafka/kafka_wire.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kNoUuid{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16};

bool is_nullable(const KafkaField& field, std::int16_t version) {
  return field.nullable && field.nullable->has(version);
}

// Reads one body.
class KafkaTreeReader {
 public:
  KafkaTreeReader(std::int16_t version, bool flexible) : version_(version), flexible_(flexible) {}

  void read_fields(const KafkaField& schema, KafkaValue& value, KafkaBytesReader& from) {
    value.field = &schema;
    value.items.resize(schema.fields.size());
    if (!count_values(schema.fields.size())) return from.fail();
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
      const auto& field = schema.fields[i];
      auto& item = value.items[i];
      item.field = &field;
      item.absent = field.tag.has_value() || !field.versions.has(version_);
      if (!item.absent) read_value(field, item, from);
    }
    if (flexible_) read_tags(value, from);
  }
  // Returns why a body of `size` bytes could not be read.
  KafkaTree::Problem problem(std::size_t size) const {
    return {.field = field_ != nullptr ? field_->name : "",
            .position = size - left_,
            .too_many = values_ > KafkaTree::kMostValues};
  }

 private:
  bool count_values(std::size_t more) {
    values_ += more;
    return values_ <= KafkaTree::kMostValues;
  }
  // Remembers the field that is read next. It stays if reading fails.
  void at(const KafkaField& field, const KafkaBytesReader& from) {
    if (!from.ok()) return;
    field_ = &field;
    left_ = from.left() + behind_;
  }

  void read_tags(KafkaValue& value, KafkaBytesReader& from) {
    const auto count = from.varint();
    for (std::uint32_t i = 0; i < count && from.ok(); ++i) {
      const auto tag = from.varint();
      const auto bytes = from.take(from.varint());
      const auto known =
          std::find_if(value.items.begin(), value.items.end(), [&](const KafkaValue& item) {
            return item.field->tag == tag && item.field->versions.has(version_);
          });
      KafkaBytesReader inner(bytes);
      if (known != value.items.end()) {
        known->absent = false;
        const auto behind = std::exchange(behind_, behind_ + from.left());
        read_value(*known->field, *known, inner);
        behind_ = behind;
        if (!inner.ok() || inner.left() > 0) return from.fail();
      } else {
        if (!count_values(1)) return from.fail();
        value.unknown.push_back({tag, inner.text(bytes.size())});
      }
    }
  }

  void read_value(const KafkaField& field, KafkaValue& value, KafkaBytesReader& from) {
    at(field, from);
    if (!field.list) return read_item(field, value, from);
    const auto count = length(from, 4);
    value.null = count < 0;
    if (count <= 0) return;
    // Each element has at least one byte.
    const auto size = static_cast<std::size_t>(count);
    if (size > from.left() || !count_values(size)) return from.fail();
    value.items.resize(size);
    for (auto& item : value.items) {
      item.field = &field;
      at(field, from);
      if (from.ok()) read_item(field, item, from);
    }
  }

  void read_item(const KafkaField& field, KafkaValue& value, KafkaBytesReader& from) {
    if (field.type == KafkaType::kStruct) {
      if (!field.list && is_nullable(field, version_)) value.null = from.number(1) < 0;
      if (!value.null) read_fields(field, value, from);
    } else if (field.type == KafkaType::kUuid) {
      value.text = from.text(kNoUuid.size());
    } else if (field.is_text()) {
      const auto size = length(from, field.type == KafkaType::kString ? 2 : 4);
      value.null = size < 0;
      if (size > 0) value.text = from.text(static_cast<std::size_t>(size));
    } else {
      value.number = from.number(fixed_kafka_size(field.type));
    }
  }

  // Reads the length of a text or list; -1 for null.
  std::int64_t length(KafkaBytesReader& from, std::size_t width) const {
    if (flexible_) return std::int64_t{from.varint()} - (from.ok() ? 1 : 0);
    const auto size = from.number(width);
    if (size < -1) from.fail();
    return size;
  }

  std::int16_t version_;
  bool flexible_;
  std::size_t values_ = 0;
  const KafkaField* field_ = nullptr;  // the field that is read
  std::size_t left_ = 0;               // number of bytes from its begin to the end of the body
  std::size_t behind_ = 0;  // number of bytes of the body behind the tagged field that is read
};

// Writes one body.
class KafkaTreeWriter {
 public:
  KafkaTreeWriter(std::int16_t version, bool flexible) : version_(version), flexible_(flexible) {}

  void write_fields(const KafkaValue& value, KafkaBytesWriter& to) const {
    for (const auto& item : value.items) {
      if (!item.absent && !item.field->tag) write_value(item, to);
    }
    if (flexible_) write_tags(value, to);
  }

 private:
  void write_tags(const KafkaValue& value, KafkaBytesWriter& to) const {
    std::vector<std::pair<std::uint32_t, std::vector<std::byte>>> tags;
    for (const auto& item : value.items) {
      if (item.absent || !item.field->tag) continue;
      KafkaBytesWriter inner;
      write_value(item, inner);
      tags.emplace_back(*item.field->tag, std::move(inner.bytes));
    }
    for (const auto& unknown : value.unknown) {
      const auto bytes = std::as_bytes(std::span(unknown.bytes));
      tags.emplace_back(unknown.tag, std::vector(bytes.begin(), bytes.end()));
    }
    std::stable_sort(tags.begin(), tags.end(),
                     [](const auto& left, const auto& right) { return left.first < right.first; });
    to.varint(static_cast<std::uint32_t>(tags.size()));
    for (const auto& [tag, bytes] : tags) {
      to.varint(tag);
      to.varint(static_cast<std::uint32_t>(bytes.size()));
      to.bytes.insert(to.bytes.end(), bytes.begin(), bytes.end());
    }
  }

  void write_value(const KafkaValue& value, KafkaBytesWriter& to) const {
    if (!value.field->list) return write_item(value, to);
    write_length(value.null, value.items.size(), 4, to);
    for (const auto& item : value.items) write_item(item, to);
  }

  void write_item(const KafkaValue& value, KafkaBytesWriter& to) const {
    const auto& field = *value.field;
    if (field.type == KafkaType::kStruct) {
      if (!field.list && is_nullable(field, version_)) to.number(value.null ? -1 : 1, 1);
      if (!value.null) write_fields(value, to);
    } else if (field.type == KafkaType::kUuid) {
      to.text(value.text.size() == kNoUuid.size() ? value.text : kNoUuid);
    } else if (field.is_text()) {
      write_length(value.null, value.text.size(), field.type == KafkaType::kString ? 2 : 4, to);
      if (!value.null) to.text(value.text);
    } else {
      to.number(value.number, fixed_kafka_size(field.type));
    }
  }

  void write_length(bool null, std::size_t size, std::size_t width, KafkaBytesWriter& to) const {
    if (flexible_) return to.varint(null ? 0 : static_cast<std::uint32_t>(size) + 1);
    to.number(null ? -1 : static_cast<std::int64_t>(size), width);
  }

  std::int16_t version_;
  bool flexible_;
};

template <class Value, class Is>
Value* find_item(std::vector<KafkaValue>& items, const Is& is) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const KafkaValue& item) { return !item.absent && is(item); });
  return found != items.end() ? &*found : nullptr;
}

}  // namespace

KafkaValue* KafkaValue::find(std::string_view name) {
  return find_item<KafkaValue>(items, [&](const auto& item) { return item.field->name == name; });
}
const KafkaValue* KafkaValue::find(std::string_view name) const {
  return const_cast<KafkaValue*>(this)->find(name);
}
KafkaValue* KafkaValue::find(KafkaRole role) {
  return find_item<KafkaValue>(items, [&](const auto& item) { return item.field->role == role; });
}
const KafkaValue* KafkaValue::find(KafkaRole role) const {
  return const_cast<KafkaValue*>(this)->find(role);
}

std::optional<KafkaTree> KafkaTree::read(const KafkaApi& api, const KafkaField& schema,
                                         std::int16_t version, std::span<const std::byte> bytes,
                                         Problem* problem) {
  KafkaTree tree(api, version);
  KafkaBytesReader from(bytes);
  KafkaTreeReader reader(version, tree.flexible_);
  reader.read_fields(schema, tree.root_, from);
  if (from.ok() && from.left() == 0) return tree;
  if (problem != nullptr) {
    *problem =
        from.ok() ? Problem{.position = bytes.size() - from.left()} : reader.problem(bytes.size());
  }
  return std::nullopt;
}

KafkaTree KafkaTree::blank(const KafkaApi& api, const KafkaField& schema, std::int16_t version) {
  KafkaTree tree(api, version);
  tree.root_ = tree.blank_item(schema);
  return tree;
}

std::vector<std::byte> KafkaTree::write() const {
  KafkaBytesWriter to;
  KafkaTreeWriter(version_, flexible_).write_fields(root_, to);
  return std::move(to.bytes);
}

KafkaValue KafkaTree::blank_item(const KafkaField& field) const {
  KafkaValue value{.field = &field};
  for (const auto& inner : field.fields) value.items.push_back(blank_value(inner));
  return value;
}

KafkaValue KafkaTree::blank_value(const KafkaField& field) const {
  KafkaValue value{.field = &field};
  value.absent = field.tag.has_value() || !field.versions.has(version_);
  value.null = field.fallback == "null" && is_nullable(field, version_);
  // Only records may be missing without a default: a response with an error has none.
  value.null |= field.type == KafkaType::kRecords && is_nullable(field, version_);
  if (value.null || field.list) return value;
  if (field.type == KafkaType::kStruct) value.items = blank_item(field).items;
  if (field.fallback && !field.is_text()) {
    if (*field.fallback == "true") value.number = 1;
    std::from_chars(field.fallback->data(), field.fallback->data() + field.fallback->size(),
                    value.number);
  }
  return value;
}

}  // namespace brownout::rules
