#include "rules/protocols/grpc/grpc_status.h"

#include "rules/base/whole_number.h"

namespace brownout::rules {

Result<GrpcStatus> parse_grpc_status(std::string_view text) {
  constexpr auto kLast = static_cast<std::uint32_t>(GrpcStatus::kUnauthenticated);
  if (const auto status = value_named<GrpcStatus>(text)) return *status;
  if (const auto number = parse_whole_number(text, kLast)) return static_cast<GrpcStatus>(*number);
  const auto names = names_of<GrpcStatus>();
  const auto similar = nearest(text, names);
  return config_error(in_quotes(text) + " is no status of gRPC",
                      similar.empty() ? "allowed: from 0 to 16, or a name such as \"UNAVAILABLE\""
                                      : "did you mean " + in_quotes(similar) + "?");
}

Result<GrpcStatus> ValueKind<GrpcStatus>::read(const Node& node) {
  if (const auto* text = node.string()) return parse_grpc_status(*text);
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    auto status = parse_grpc_status(std::to_string(*number));
    if (!status) status.error().what = std::to_string(*number) + " is no status of gRPC";
    return status;
  }
  return wrong_type(node, "the number or name of a status");
}

}  // namespace brownout::rules
