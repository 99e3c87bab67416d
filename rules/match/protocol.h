// Protocol is the application protocol of a listener: "tcp", "http", "mqtt" ... A small value type,
// cheap to copy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/match/carrier.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {

class Protocol {
 public:
  static const Protocol kTcp;
  static const Protocol kUdp;
  static const Protocol kDns;
  static const Protocol kHttp;
  static const Protocol kTls;
  static const Protocol kWebSocket;
  static const Protocol kProxy;  // a forward proxy: clients name the server (SOCKS, HTTP)
  // Returns the protocol of listeners with messages directly on TCP connections or in the bodies of
  // HTTP, not inside WebSocket.
  static Protocol of(const MessageProtocol& messages) {
    return Protocol(Kind::kMessages, &messages);
  }

  static std::vector<std::string_view> names();
  static std::optional<Protocol> named(std::string_view name);
  std::string_view name() const;

  // Returns the kinds of traffic of this protocol on which rules can act.
  CarrierSet carriers() const;
  // Returns the protocols of the messages that listeners of this protocol see. For WebSocket, these
  // include the protocols inside WebSocket messages.
  ProtocolSet messages() const;
  // Whether clients open connections instead of sending single datagrams.
  bool is_connections() const { return carriers().has(Carrier::kStream); }
  // Returns the messaging protocol that was passed to of(), or null for all other protocols.
  const MessageProtocol* of_messages() const { return messages_; }
  // Whether clients send HTTP requests.
  bool has_requests() const {
    return kind_ == Kind::kHttp || kind_ == Kind::kWebSocket || has_body_messages();
  }
  // Whether the messages are in the bodies of HTTP requests and responses.
  bool has_body_messages() const { return messages_ != nullptr && messages_->in_http_bodies(); }
  // Whether the proxy can recognize requests and their responses; otherwise availability and
  // response times cannot be measured. For WebSocket, the request is the opening handshake.
  bool knows_requests() const;

  friend bool operator==(const Protocol&, const Protocol&) = default;

 private:
  enum class Kind { kTcp, kUdp, kDns, kHttp, kTls, kWebSocket, kProxy, kMessages };
  constexpr explicit Protocol(Kind kind, const MessageProtocol* messages = nullptr)
      : kind_(kind), messages_(messages) {}

  Kind kind_;
  const MessageProtocol* messages_;
};

inline constexpr Protocol Protocol::kTcp{Kind::kTcp};
inline constexpr Protocol Protocol::kUdp{Kind::kUdp};
inline constexpr Protocol Protocol::kDns{Kind::kDns};
inline constexpr Protocol Protocol::kHttp{Kind::kHttp};
inline constexpr Protocol Protocol::kTls{Kind::kTls};
inline constexpr Protocol Protocol::kWebSocket{Kind::kWebSocket};
inline constexpr Protocol Protocol::kProxy{Kind::kProxy};

template <>
struct ValueKind<Protocol> {
  static std::string name();
  static Result<Protocol> read(const Node& node);
  static std::string print(Protocol value) { return in_quotes(value.name()); }
};

}  // namespace brownout::rules
