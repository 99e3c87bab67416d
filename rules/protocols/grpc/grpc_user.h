// GrpcUser: what a synthetic user of the kind grpc calls, and how. It is read from the keys of a
// [[probe]] that only this kind has. Plain values, immutable once read; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/message/message_protocol.h"
#include "rules/protocols/grpc/grpc_descriptors.h"
#include "rules/protocols/grpc/grpc_retry.h"

namespace brownout::rules {

// PINGs of a client that notices a silent connection (gRFC A8). Real time.
struct GrpcKeepalive {
  Duration every{};                             // time without a received byte until a PING
  Duration timeout = std::chrono::seconds(20);  // longest time until its answer
  bool without_calls = false;                   // whether PINGs are also sent without a call
};

struct GrpcUser {
  // The called service. Without `rpc`, the service whose health is asked for; "" is the server.
  std::string service;
  std::string rpc;     // name of a method; "" for the health service (grpc.health.v1.Health)
  bool watch = false;  // asks for the health by Watch, whose call stays open
  GrpcDescriptors types;
  std::string request = "{}";         // JSON of the request
  std::vector<HeaderPattern> fields;  // values that each response must have, by path
  std::string number;                 // path of the field that numbers the messages of a stream
  bool numbers_continue = false;      // whether a further call goes on with the numbers
  std::int64_t messages = 1;          // messages of a stream for which an operation waits
  std::optional<Duration> deadline;   // deadline of a call, with all its attempts; real time
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
