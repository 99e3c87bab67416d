// GrpcMessage is a length-prefixed message of a gRPC call (gRPC over HTTP/2, "Length-Prefixed-
// Message"; gRPC-Web), for rules. The message payload is what follows the prefix, as it was sent.
//
// rules/protocols/grpc/codec converts messages from and to the wire format. Immutable once rules
// can access it; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/message/message_protocol.h"
#include "rules/protocols/grpc/grpc_descriptors.h"

namespace brownout::rules {

// The request of a call.
struct GrpcCall {
  std::string service;  // full name, e.g. "shop.Orders"
  std::string rpc;      // name of the method in its service, e.g. "Watch"
  std::vector<std::pair<std::string, std::string>> metadata;  // headers, names in lower case
  GrpcDescriptors types = {};  // types of the messages; empty if the listener names none
};

struct GrpcMessage final : MessageView {
  static const MessageProtocol& protocol();

  std::shared_ptr<const GrpcCall> call = {};  // never null
  bool from_server = false;
  bool compressed = false;  // whether the flag in the message's prefix is set
  // Whether the message is the trailers of the response: those of HTTP, the last frame of a
  // gRPC-Web response, or those with which a rule ends a call.
  bool trailers = false;
  // whether these are HTTP trailers, or the head of a Trailers-Only response; then there is no
  // payload
  bool of_http = false;
  std::optional<std::int64_t> status = {};  // value of `grpc-status` in trailers
  // The decompressed message. No value if the message is not compressed, or if it cannot be
  // decompressed: unknown or invalid compression, or a result of more than 16 MiB.
  std::optional<std::string> plain = {};

  std::size_t memory() const override { return sizeof *this + (plain ? plain->size() : 0); }
};

// The service and the method that the path of a request names: "/shop.Orders/Watch". The name of a
// service may have slashes.
struct GrpcMethod {
  std::string service;
  std::string rpc;
};
GrpcMethod grpc_method_of(std::string_view path);

// Returns the lines of trailers, e.g. "grpc-status: 14\r\ngrpc-message: busy\r\n". The text is
// percent-encoded as gRPC requires.
std::string grpc_trailers(std::int64_t status, std::string_view text);

}  // namespace brownout::rules
