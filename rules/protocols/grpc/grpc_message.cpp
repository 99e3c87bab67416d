#include "rules/protocols/grpc/grpc_message.h"

#include <algorithm>
#include <cstdint>

#include "rules/message/json_key.h"
#include "rules/message/trace.h"
#include "rules/protocols/grpc/grpc_status.h"
#include "rules/protocols/grpc/grpc_user.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using GrpcPatterns = std::vector<TextPattern>;

std::int64_t number_of(GrpcStatus status) { return static_cast<std::int64_t>(status); }

// Compares fields of a Protobuf message, whose types the listener's `descriptors` define.
class FieldPredicate final : public MessagePredicate {
 public:
  explicit FieldPredicate(std::vector<HeaderPattern> wanted) : wanted_(std::move(wanted)) {}

  bool matches(const Message& message, std::span<const std::byte> payload) const override {
    const auto* view = view_as<GrpcMessage>(&message);
    if (view == nullptr || view->trailers || (view->compressed && !view->plain)) return false;
    const auto bytes = view->plain ? std::string_view(*view->plain) : text_of(payload);
    const auto& call = *view->call;
    return std::all_of(wanted_.begin(), wanted_.end(), [&](const HeaderPattern& wanted) {
      const auto values =
          call.types.values(call.service, call.rpc, view->from_server, bytes, wanted.name);
      return std::any_of(values.begin(), values.end(),
                         [&](const std::string& value) { return wanted.value.matches(value); });
    });
  }

 private:
  std::vector<HeaderPattern> wanted_;  // the path of a field, and a pattern
};

MessageKey field_key() {
  return {{"field", "table of patterns", "", "none",
           "only messages with all of these values in fields: { \"order.id\" = \"4*\" }; of a "
           "repeated field, any element; the listener needs `descriptors`"},
          [](const Node& node, Diagnostics& problems) {
            const auto before = problems.size();
            auto wanted = read_header_patterns("field", R"("order.id" = "4*")", node, problems);
            std::shared_ptr<const MessagePredicate> predicate;
            if (problems.size() == before) {
              predicate = std::make_shared<const FieldPredicate>(std::move(wanted));
            }
            return predicate;
          },
          true,
          true};
}

class GrpcProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "grpc"; }
  std::string_view title() const override { return "gRPC"; }

  bool has_connections() const override { return false; }
  bool in_http_bodies() const override { return true; }
  bool has_types() const override { return true; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    return {
        message_key<GrpcMessage, GrpcPatterns>(
            "service",
            "only messages of calls to these services, e.g. \"shop.Orders\"; patterns as for "
            "path",
            [](const auto& message, const auto& wanted) {
              return any_matches(wanted, message.call->service);
            }),
        message_key<GrpcMessage, GrpcPatterns>(
            "rpc",
            "only messages of calls to these methods of the service, e.g. \"Watch\"; patterns "
            "as for path",
            [](const auto& message, const auto& wanted) {
              return any_matches(wanted, message.call->rpc);
            }),
        metadata_key(),
        message_key<GrpcMessage, std::vector<GrpcStatus>>(
            "grpc_status",
            "only trailers that end a call with one of these gRPC statuses: trailers of HTTP/2 or "
            "gRPC-Web, or response headers without a body (Trailers-Only). Rules on messages "
            "without this key do not act on trailers",
            [](const auto& message, const auto& wanted) {
              return message.status &&
                     std::any_of(wanted.begin(), wanted.end(), [&](GrpcStatus status) {
                       return number_of(status) == *message.status;
                     });
            },
            {.least = GrpcStatus::kOk, .most = GrpcStatus::kUnauthenticated},
            [](const auto&) { return std::optional(Sender::kServer); }),
        message_key<GrpcMessage, bool>(
            "compressed",
            "true: only compressed messages; false: only messages that are not compressed",
            [](const auto& message, const bool& wanted) {
              return !message.trailers && message.compressed == wanted;
            }),
        field_key(),
        json_key("only messages that are JSON (application/grpc+json) with these values, as for "
                 "ndjson")};
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = view(message);
    tell("service", is.call->service);
    tell("rpc", is.call->rpc);
    if (is.status) tell("grpc_status", std::to_string(*is.status));
    if (is.compressed) tell("compressed", "true");
    const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
      for (const auto& [key, value] : is.call->metadata) {
        if (key == name) return value;
      }
      return std::nullopt;
    };
    tell_trace(find, tell);
  }

  std::string_view about_text() const override {
    return "only messages whose bytes match, decompressed (gzip and deflate)";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    const auto& is = view(message);
    if (is.trailers) return std::nullopt;
    if (!is.compressed) return text_of(payload);
    return is.plain ? std::optional<std::string_view>(*is.plain) : std::nullopt;
  }

  bool is_control(const Message& message) const override { return view(message).trailers; }
  bool ends_conversation(const Message& message) const override { return view(message).trailers; }
  std::string_view selecting_key(const Message& message) const override {
    return view(message).trailers ? "grpc_status" : "";
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    const auto& is = view(*chunk.message());
    if (is.trailers) return std::nullopt;
    const auto& call = *is.call;
    if (call.types.empty()) return message_chunk(*this, uncompressed(is), text);
    const auto bytes = call.types.from_json(call.service, call.rpc, is.from_server, text);
    if (!bytes) return std::nullopt;
    return message_chunk(*this, uncompressed(is), *bytes);
  }

  std::string_view about_refusal() const override { return "the grpc-message"; }
  std::vector<OptionKey> refusal_keys() const override {
    return {option_key<GrpcStatus>(
        "grpc_status", "status of the call; 14 is UNAVAILABLE", "14",
        {.least = GrpcStatus::kCancelled, .most = GrpcStatus::kUnauthenticated})};
  }
  // Returns the trailers of a failed call. They end the response, so the server's messages cannot
  // be refused.
  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto& is = view(*asked.message());
    if (is.from_server || is.trailers) return std::nullopt;
    const auto* status = how.options.of<GrpcStatus>(*this, "grpc_status");
    auto trailers = uncompressed(is);
    trailers->trailers = true;
    trailers->from_server = true;
    trailers->status = number_of(status != nullptr ? *status : GrpcStatus::kUnavailable);
    const auto text = grpc_trailers(*trailers->status, how.text);
    return Refusal{message_chunk(*this, std::move(trailers), text), true};
  }

  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override { return GrpcUser::keys(); }

  std::vector<ExplainOption> explain_options() const override {
    return {{"service", "full name of the service; left out, the service in the path of --url"},
            {"rpc", "name of the method; left out, the method in the path of --url"},
            {"json", "the message as JSON, with the field names of the listener's descriptors"},
            {.name = "compressed",
             .meaning = "whether the message is compressed (false)",
             .values = {"true", "false"},
             .is_value = true},
            {.name = "grpc-status",
             .meaning = "status of the trailers that end the call, by number or name",
             .is_value = true}};
  }
  Message message_from_options(const OptionValue& of) const override {
    const auto method = grpc_method_of(of("path"));
    const auto given = [&](std::string_view option, const std::string& otherwise) {
      auto value = of(option);
      return value.empty() ? otherwise : value;
    };
    auto call = std::make_shared<GrpcCall>();
    call->service = given("service", method.service);
    call->rpc = given("rpc", method.rpc);
    call->metadata = metadata_of(of("header"));
    auto message = std::make_shared<GrpcMessage>();
    message->call = std::move(call);
    message->compressed = of("compressed") == "true";
    if (const auto status = parse_grpc_status(of("grpc-status"))) {
      message->status = number_of(*status);
    }
    message->trailers = message->status.has_value();
    message->from_server = message->trailers;
    return {.protocol = this, .view = std::move(message)};
  }

 private:
  static const GrpcMessage& view(const Message& message) { return *view_as<GrpcMessage>(&message); }
  static std::shared_ptr<GrpcMessage> uncompressed(const GrpcMessage& message) {
    auto copy = std::make_shared<GrpcMessage>();
    copy->call = message.call;
    copy->from_server = message.from_server;
    return copy;
  }
  // Parses lines "name: value", the form in which `explain` takes metadata.
  static std::vector<std::pair<std::string, std::string>> metadata_of(std::string_view lines) {
    std::vector<std::pair<std::string, std::string>> metadata;
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find("\r\n"));
      lines.remove_prefix(std::min(line.size() + 2, lines.size()));
      const auto colon = std::min(line.find(':'), line.size());
      auto value = line.substr(std::min(colon + 1, line.size()));
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      metadata.emplace_back(lower_case(line.substr(0, colon)), value);
    }
    return metadata;
  }
  // Returns the key `metadata`. The request is known before its messages, so the payload is not
  // needed.
  static MessageKey metadata_key() {
    auto key = headers_key<GrpcMessage>(
        "metadata", R"(tenant = "blue*")",
        "only messages of calls with all of these metadata in the request: { tenant = \"blue*\" }",
        [](const auto& message, const HeaderPattern& wanted) {
          const auto name = lower_case(wanted.name);
          const auto& all = message.call->metadata;
          return std::any_of(all.begin(), all.end(), [&](const auto& entry) {
            return entry.first == name && wanted.value.matches(entry.second);
          });
        });
    key.behind_head = false;
    return key;
  }
};

}  // namespace

const MessageProtocol& GrpcMessage::protocol() {
  static const GrpcProtocol protocol;
  return protocol;
}

GrpcMethod grpc_method_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.rfind('/');
  GrpcMethod method{.service = std::string(path.substr(0, slash)), .rpc = {}};
  if (slash != std::string_view::npos) method.rpc = path.substr(slash + 1);
  return method;
}

std::string grpc_trailers(std::int64_t status, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  auto lines = "grpc-status: " + std::to_string(status) + "\r\n";
  if (text.empty()) return lines;
  lines += "grpc-message: ";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet <= 0x7e && c != '%') {
      lines += c;
    } else {
      lines += {'%', kHex[octet >> 4], kHex[octet & 15]};
    }
  }
  return lines + "\r\n";
}

}  // namespace brownout::rules
