// GrpcStatus: the status codes of gRPC (github.com/grpc/grpc, doc/statuscodes.md), with their names
// in rule files and in messages. Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class GrpcStatus : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

template <>
struct EnumNames<GrpcStatus> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, GrpcStatus>>(
      {{"OK", GrpcStatus::kOk},
       {"CANCELLED", GrpcStatus::kCancelled},
       {"UNKNOWN", GrpcStatus::kUnknown},
       {"INVALID_ARGUMENT", GrpcStatus::kInvalidArgument},
       {"DEADLINE_EXCEEDED", GrpcStatus::kDeadlineExceeded},
       {"NOT_FOUND", GrpcStatus::kNotFound},
       {"ALREADY_EXISTS", GrpcStatus::kAlreadyExists},
       {"PERMISSION_DENIED", GrpcStatus::kPermissionDenied},
       {"RESOURCE_EXHAUSTED", GrpcStatus::kResourceExhausted},
       {"FAILED_PRECONDITION", GrpcStatus::kFailedPrecondition},
       {"ABORTED", GrpcStatus::kAborted},
       {"OUT_OF_RANGE", GrpcStatus::kOutOfRange},
       {"UNIMPLEMENTED", GrpcStatus::kUnimplemented},
       {"INTERNAL", GrpcStatus::kInternal},
       {"UNAVAILABLE", GrpcStatus::kUnavailable},
       {"DATA_LOSS", GrpcStatus::kDataLoss},
       {"UNAUTHENTICATED", GrpcStatus::kUnauthenticated}});
};

// Reads a status by its number or its name: "14" or "UNAVAILABLE".
Result<GrpcStatus> parse_grpc_status(std::string_view text);

template <>
struct ValueKind<GrpcStatus> {
  static std::string name() { return "number or name of a gRPC status"; }
  static Result<GrpcStatus> read(const Node& node);
  static std::string print(GrpcStatus value) {
    return std::to_string(static_cast<unsigned>(value));
  }
};

}  // namespace brownout::rules
