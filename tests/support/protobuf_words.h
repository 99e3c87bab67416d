// Protobuf on the wire, for tests: fields of messages, and a FileDescriptorSet as protoc writes it.
#pragma once

#include <cstdint>
#include <string>

namespace brownout::test {

inline std::string pb_varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
inline std::string pb_number(int field, std::uint64_t value) {
  return pb_varint(static_cast<std::uint64_t>(field) << 3) + pb_varint(value);
}
inline std::string pb_text(int field, const std::string& bytes) {
  return pb_varint(static_cast<std::uint64_t>(field) << 3 | 2) + pb_varint(bytes.size()) + bytes;
}

// A field of a message type. `type` and `label` are those of FieldDescriptorProto.
inline std::string pb_field(const std::string& name, int number, std::uint64_t type,
                            const std::string& type_name = "", bool repeated = false) {
  auto field = pb_text(1, name) + pb_number(3, static_cast<std::uint64_t>(number)) +
               pb_number(4, repeated ? 3 : 1) + pb_number(5, type);
  if (!type_name.empty()) field += pb_text(6, type_name);
  return pb_text(2, field);
}

// The types of this file:
//
//   syntax = "proto3"; package shop;
//   message Order { string id = 1; int64 count = 2; bool paid = 3; repeated string tags = 4; }
//   message Update { Order order = 1; repeated Order others = 2; double price = 3; Kind kind = 4; }
//   enum Kind { NEW = 0; OLD = 1; }
//   service Orders { rpc Watch(Order) returns (stream Update); }
inline std::string shop_descriptors() {
  const auto order = pb_text(1, "Order") + pb_field("id", 1, 9) + pb_field("count", 2, 3) +
                     pb_field("paid", 3, 8) + pb_field("tags", 4, 9, "", true);
  const auto update = pb_text(1, "Update") + pb_field("order", 1, 11, ".shop.Order") +
                      pb_field("others", 2, 11, ".shop.Order", true) + pb_field("price", 3, 1) +
                      pb_field("kind", 4, 14, ".shop.Kind");
  const auto kind = pb_text(1, "Kind") + pb_text(2, pb_text(1, "NEW") + pb_number(2, 0)) +
                    pb_text(2, pb_text(1, "OLD") + pb_number(2, 1));
  const auto watch = pb_text(1, "Watch") + pb_text(2, ".shop.Order") + pb_text(3, ".shop.Update") +
                     pb_number(6, 1);
  const auto file = pb_text(1, "shop.proto") + pb_text(2, "shop") + pb_text(4, order) +
                    pb_text(4, update) + pb_text(5, kind) +
                    pb_text(6, pb_text(1, "Orders") + pb_text(2, watch)) + pb_text(12, "proto3");
  return pb_text(1, file);
}

}  // namespace brownout::test
