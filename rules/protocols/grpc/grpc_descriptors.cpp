// Implements GrpcDescriptors with the Protobuf library. No other source includes Protobuf's
// headers.
#include "rules/protocols/grpc/grpc_descriptors.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace brownout::rules {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// Limit of nested messages when a message is parsed.
constexpr int kDeepestMessage = 64;

class FirstError final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                ErrorLocation, const std::string& message) override {
    if (text.empty()) text = file + ": " + element + ": " + message;
  }
  std::string text;
};

bool parse_message(pb::Message& message, std::string_view bytes) {
  pb::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                 static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kDeepestMessage);
  // ParsePartial... accepts messages that lack a required field of proto2. Other functions would
  // print a warning to standard error.
  return message.ParsePartialFromCodedStream(&input) && input.ConsumedEntireMessage();
}

std::string_view take_field_name(std::string_view& path) {
  const auto name = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(name.size() + 1, path.size()));
  return name;
}

template <class T>
std::string number_text(T number) {
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

// Returns the text of a scalar field's value. `index` is used for a repeated field only.
std::string field_text(const pb::Message& message, const FieldDescriptor& field, int index) {
  const auto& get = *message.GetReflection();
  const bool list = field.is_repeated();
  const auto* of = &field;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return number_text(list ? get.GetRepeatedInt32(message, of, index)
                              : get.GetInt32(message, of));
    case FieldDescriptor::CPPTYPE_INT64:
      return number_text(list ? get.GetRepeatedInt64(message, of, index)
                              : get.GetInt64(message, of));
    case FieldDescriptor::CPPTYPE_UINT32:
      return number_text(list ? get.GetRepeatedUInt32(message, of, index)
                              : get.GetUInt32(message, of));
    case FieldDescriptor::CPPTYPE_UINT64:
      return number_text(list ? get.GetRepeatedUInt64(message, of, index)
                              : get.GetUInt64(message, of));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return number_text(list ? get.GetRepeatedDouble(message, of, index)
                              : get.GetDouble(message, of));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return number_text(list ? get.GetRepeatedFloat(message, of, index)
                              : get.GetFloat(message, of));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? get.GetRepeatedBool(message, of, index) : get.GetBool(message, of)) ? "true"
                                                                                         : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto number =
          list ? get.GetRepeatedEnumValue(message, of, index) : get.GetEnumValue(message, of);
      const auto* value = field.enum_type()->FindValueByNumber(number);
      return value != nullptr ? value->name() : number_text(number);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return list ? get.GetRepeatedString(message, of, index) : get.GetString(message, of);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return {};
}

// Appends the values at the path. Recursion is as deep as the path in the rule file is long.
void collect_values(const pb::Message& message, std::string_view path,
                    std::vector<std::string>& values) {
  const auto name = take_field_name(path);
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr) return;
  const auto& get = *message.GetReflection();
  if (field->has_presence() && !get.HasField(message, field)) return;
  const int count = field->is_repeated() ? get.FieldSize(message, field) : 1;
  const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (nested == path.empty()) return;
  for (int i = 0; i < count; ++i) {
    if (!nested) {
      values.push_back(field_text(message, *field, i));
    } else {
      collect_values(field->is_repeated() ? get.GetRepeatedMessage(message, field, i)
                                          : get.GetMessage(message, field),
                     path, values);
    }
  }
}

}  // namespace

struct GrpcDescriptors::Types {
  std::string file;
  std::vector<std::string> services;
  // Falls back to the built-in types such as Timestamp, which the file contains only with
  // --include_imports.
  pb::DescriptorPool pool{pb::DescriptorPool::generated_pool()};
  // Creates message objects for types that are known only at run time. Thread-safe.
  mutable pb::DynamicMessageFactory factory;

  const pb::MethodDescriptor* method_of(std::string_view service, std::string_view rpc) const {
    const auto* found = pool.FindServiceByName(std::string(service));
    return found != nullptr ? found->FindMethodByName(std::string(rpc)) : nullptr;
  }
  const pb::Descriptor* type_of(std::string_view service, std::string_view rpc,
                                bool from_server) const {
    const auto* method = method_of(service, rpc);
    if (method == nullptr) return nullptr;
    return from_server ? method->output_type() : method->input_type();
  }
  std::unique_ptr<pb::Message> make(const pb::Descriptor& type) const {
    return std::unique_ptr<pb::Message>(factory.GetPrototype(&type)->New());
  }
};

Result<GrpcDescriptors> GrpcDescriptors::parse(std::string_view file) {
  constexpr std::string_view kHint =
      "write it with protoc --include_imports --descriptor_set_out=api.pb api.proto";
  pb::FileDescriptorSet set;
  if (file.size() > 64U << 20 || !parse_message(set, file) || set.file_size() == 0) {
    return config_error("not a FileDescriptorSet of Protobuf", std::string(kHint));
  }
  auto types = std::make_shared<Types>();
  types->file = file;
  for (const auto& source : set.file()) {
    FirstError error;
    if (types->pool.BuildFileCollectingErrors(source, &error) == nullptr) {
      return config_error(error.text, std::string(kHint));
    }
    const auto prefix = source.package().empty() ? "" : source.package() + ".";
    for (const auto& service : source.service()) types->services.push_back(prefix + service.name());
  }
  GrpcDescriptors descriptors;
  descriptors.types_ = std::move(types);
  return descriptors;
}

std::vector<std::string> GrpcDescriptors::services() const {
  return types_ != nullptr ? types_->services : std::vector<std::string>();
}

std::vector<std::string> GrpcDescriptors::rpcs(std::string_view service) const {
  std::vector<std::string> names;
  const auto* found =
      types_ != nullptr ? types_->pool.FindServiceByName(std::string(service)) : nullptr;
  for (int i = 0; found != nullptr && i < found->method_count(); ++i) {
    names.push_back(found->method(i)->name());
  }
  return names;
}

std::optional<GrpcDescriptors::Streams> GrpcDescriptors::streams(std::string_view service,
                                                                 std::string_view rpc) const {
  const auto* method = types_ != nullptr ? types_->method_of(service, rpc) : nullptr;
  if (method == nullptr) return std::nullopt;
  return Streams{method->client_streaming(), method->server_streaming()};
}

bool GrpcDescriptors::has_field(std::string_view service, std::string_view rpc, bool from_server,
                                std::string_view path) const {
  const auto* type = types_ != nullptr ? types_->type_of(service, rpc, from_server) : nullptr;
  while (type != nullptr) {
    const auto* field = type->FindFieldByName(std::string(take_field_name(path)));
    if (field == nullptr) return false;
    type = field->message_type();
    if (path.empty()) return type == nullptr;
  }
  return false;
}

std::vector<std::string> GrpcDescriptors::values(std::string_view service, std::string_view rpc,
                                                 bool from_server, std::string_view message,
                                                 std::string_view path) const {
  std::vector<std::string> values;
  const auto* type = types_ != nullptr ? types_->type_of(service, rpc, from_server) : nullptr;
  if (type == nullptr || message.size() > kMostParsed) return values;
  const auto parsed = types_->make(*type);
  if (parse_message(*parsed, message)) collect_values(*parsed, path, values);
  return values;
}

std::optional<std::string> GrpcDescriptors::from_json(std::string_view service,
                                                      std::string_view rpc, bool from_server,
                                                      std::string_view json) const {
  const auto* type = types_ != nullptr ? types_->type_of(service, rpc, from_server) : nullptr;
  if (type == nullptr) return std::nullopt;
  const auto message = types_->make(*type);
  const pb::StringPiece text(json.data(), json.size());
  std::string bytes;
  if (!pb::util::JsonStringToMessage(text, message.get()).ok() ||
      !message->SerializePartialToString(&bytes)) {
    return std::nullopt;
  }
  return bytes;
}

bool operator==(const GrpcDescriptors& a, const GrpcDescriptors& b) {
  if (a.types_ == b.types_) return true;
  return a.types_ != nullptr && b.types_ != nullptr && a.types_->file == b.types_->file;
}

}  // namespace brownout::rules
