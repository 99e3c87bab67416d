// Protocol: what the clients of a listener speak. A value; cheap to copy.
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
  static const Protocol kProxy;
  // Connections with messages of one protocol, from their first byte on.
  static Protocol of(const MessageProtocol& messages) {
    return Protocol(Kind::kMessages, &messages);
  }

  static std::vector<std::string_view> names();
  static std::optional<Protocol> named(std::string_view name);
  std::string_view name() const;

  // What rules can act on.
  CarrierSet carriers() const;
  // Whose messages; of WebSocket those, too, that travel inside it.
  ProtocolSet messages() const;
  // Whether clients come by connections only.
  bool is_connections() const { return carriers().has(Carrier::kStream); }
  // Null unless it is one of of().
  const MessageProtocol* of_messages() const { return messages_; }
  // HTTP requests.
  bool has_requests() const { return kind_ == Kind::kHttp || kind_ == Kind::kWebSocket; }
  // Whether it is known which of a client's messages are requests, and what answers them: at other
  // listeners neither availability nor the time until an answer can be measured. Of a WebSocket
  // that is the request that opens it.
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
