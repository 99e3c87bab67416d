// ProbeKind is the kind of operation that the synthetic users of a [[probe]] perform, for example
// "http" or "mqtt". A value type, cheap to copy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

class ProbeKind {
 public:
  static const ProbeKind kTcp;
  static const ProbeKind kHttp;
  static const ProbeKind kGrpc;
  static const ProbeKind kSse;
  static const ProbeKind kDns;
  static const ProbeKind kWebSocket;
  static const ProbeKind kTls;
  static const ProbeKind kExec;
  static const ProbeKind kPrometheus;
  static const ProbeKind kPostgres;
  // Returns the kind of probe whose users speak this messaging protocol.
  // MessageProtocol::has_users() must be true for it.
  static ProbeKind of(const MessageProtocol& protocol) { return ProbeKind(protocol.name()); }

  // Returns the names of all kinds. named() returns the kind of a name; no value if there is none.
  static std::vector<std::string_view> names();
  static std::optional<ProbeKind> named(std::string_view name);
  std::string_view name() const { return name_; }

  friend bool operator==(ProbeKind, ProbeKind) = default;

 private:
  constexpr explicit ProbeKind(std::string_view name) : name_(name) {}

  std::string_view name_;  // refers to a string literal
};

inline constexpr ProbeKind ProbeKind::kTcp{"tcp"};
inline constexpr ProbeKind ProbeKind::kHttp{"http"};
inline constexpr ProbeKind ProbeKind::kGrpc{"grpc"};
inline constexpr ProbeKind ProbeKind::kSse{"sse"};
inline constexpr ProbeKind ProbeKind::kDns{"dns"};
inline constexpr ProbeKind ProbeKind::kWebSocket{"websocket"};
inline constexpr ProbeKind ProbeKind::kTls{"tls"};
inline constexpr ProbeKind ProbeKind::kExec{"exec"};
inline constexpr ProbeKind ProbeKind::kPrometheus{"prometheus"};
inline constexpr ProbeKind ProbeKind::kPostgres{"postgres"};

template <>
struct ValueKind<ProbeKind> {
  static std::string name();
  static Result<ProbeKind> read(const Node& node);
  static std::string print(ProbeKind value) { return in_quotes(value.name()); }
};

}  // namespace brownout::rules
