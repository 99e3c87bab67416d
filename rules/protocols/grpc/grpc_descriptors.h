// GrpcDescriptors are the Protobuf message types of gRPC services, read from a descriptor file that
// protoc writes (FileDescriptorSet: protoc --include_imports --descriptor_set_out=FILE). With the
// types, rules can match fields of messages, and replace a message by one given as JSON.
//
// A value that is cheap to copy: copies share the types. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/file_text.h"

namespace brownout::rules {

class GrpcDescriptors {
 public:
  // Maximum size in bytes of a message whose fields are read. Parsed, a message takes up to about a
  // hundred times the memory.
  static constexpr std::size_t kMostParsed = 1 << 20;

  // Makes an object without types.
  GrpcDescriptors() = default;
  static Result<GrpcDescriptors> parse(std::string_view file);

  bool empty() const { return types_ == nullptr; }
  // Returns the full names of all services, and the names of the methods of a service.
  std::vector<std::string> services() const;
  std::vector<std::string> rpcs(std::string_view service) const;
  // Returns which sides of a method send streams of messages; no value for an unknown method.
  struct Streams {
    bool client = false;
    bool server = false;
  };
  std::optional<Streams> streams(std::string_view service, std::string_view rpc) const;
  // Whether `path` names a scalar field of the messages that one side of the method sends: the
  // server if `from_server` is true, else the client.
  bool has_field(std::string_view service, std::string_view rpc, bool from_server,
                 std::string_view path) const;
  // Returns the values at the path as text: each element of a repeated field, no value if the field
  // is absent, the default of a field that has no presence. Empty if the type is unknown, or the
  // bytes are not a message of this type.
  std::vector<std::string> values(std::string_view service, std::string_view rpc, bool from_server,
                                  std::string_view message, std::string_view path) const;
  // Returns the message that the JSON describes (Protobuf's JSON mapping). No value if the type is
  // unknown, or the JSON does not describe such a message.
  std::optional<std::string> from_json(std::string_view service, std::string_view rpc,
                                       bool from_server, std::string_view json) const;

  friend bool operator==(const GrpcDescriptors& a, const GrpcDescriptors& b);

 private:
  struct Types;

  std::shared_ptr<const Types> types_;
};

template <>
struct ValueKind<GrpcDescriptors> {
  static std::string name() { return std::string(kFilePath); }
  static Result<GrpcDescriptors> read(const Node& node) {
    return parsed_file<GrpcDescriptors>(node);
  }
  static std::string print(const GrpcDescriptors&) { return "none"; }
};

}  // namespace brownout::rules
