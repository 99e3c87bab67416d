// GrpcUser: the settings of a synthetic user of a rehearsal that makes gRPC calls: method, request,
// retries, keepalive. Read from the gRPC keys of a [[probe]]. Plain values, immutable once read;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/message/message_protocol.h"
#include "rules/protocols/grpc/grpc_descriptors.h"
#include "rules/protocols/grpc/grpc_retry.h"

namespace brownout::rules {

// PINGs with which the client detects a dead connection (gRFC A8). Durations in real time.
struct GrpcKeepalive {
  Duration every{};  // time without a received byte until a PING
  // longest time until any byte arrives after the PING
  Duration timeout = std::chrono::seconds(20);
  bool without_calls = false;  // whether PINGs are also sent without a call
};

struct GrpcUser {
  // Full name of the called service. If `rpc` is empty: the service whose health is checked, or ""
  // for the whole server.
  std::string service;
  std::string rpc;     // name of a method; "" for the health service (grpc.health.v1.Health)
  bool watch = false;  // checks the health with the streaming method Watch instead of Check
  GrpcDescriptors types;
  std::string request = "{}";         // JSON of the request
  std::vector<HeaderPattern> fields;  // values that each response must have, by path
  std::string number;                 // path of the field that numbers the messages of a stream
  // whether numbers continue in the next call, instead of starting again
  bool numbers_continue = false;
  std::int64_t messages = 1;         // number of messages of a stream for which one operation waits
  std::optional<Duration> deadline;  // deadline of a call, with all its attempts; real time
  GrpcRetryPolicy retry;
  std::optional<GrpcKeepalive> keepalive;

  // Returns the value of the keys that a [[probe]] has.
  static GrpcUser of(const ProtocolOptions& options);
  static std::vector<OptionKey> keys();

  bool asks_health() const { return rpc.empty(); }
  // Whether the server sends a stream of messages, which stays open over several operations.
  bool streams() const;
  std::string path() const;  // of the request: "/package.Service/Method"
  // Returns the message of the request, in the encoding of Protobuf.
  std::string message() const;
  // Returns why a message of the response is not the expected one; "" if it is.
  std::string mismatch(std::string_view response) const;
  // Returns the number of a message of a stream; no value if it has none.
  std::optional<std::uint64_t> number_of(std::string_view response) const;
};

}  // namespace brownout::rules
