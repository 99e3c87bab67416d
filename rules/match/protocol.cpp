#include "rules/match/protocol.h"

#include <algorithm>
#include <array>

#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

constexpr std::array kWithoutMessages =
    std::to_array<std::pair<std::string_view, Protocol>>({{"tcp", Protocol::kTcp},
                                                          {"udp", Protocol::kUdp},
                                                          {"dns", Protocol::kDns},
                                                          {"http", Protocol::kHttp},
                                                          {"tls", Protocol::kTls},
                                                          {"websocket", Protocol::kWebSocket},
                                                          {"proxy", Protocol::kProxy}});

// Names that people write for protocols which have another name here, and what to write.
constexpr std::array kProtocolHints = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"http1", "write \"http\": it speaks HTTP/1.1 and HTTP/2"},
     {"http2", "write \"http\": it speaks HTTP/1.1 and HTTP/2"},
     {"h2", "write \"http\": it speaks HTTP/1.1 and HTTP/2"},
     {"h2c", "write \"http\": it speaks HTTP/1.1 and HTTP/2"},
     {"https",
      "write \"http\" and tls = { ... } to see the requests, or \"tls\" to pass TLS through"},
     {"ws", "write \"websocket\""},
     {"wss", "write \"websocket\" and tls = { ... }"},
     {"grpc-web", "write \"grpc\": it reads gRPC-Web, too"},
     {"eventsource", "write \"sse\" (Server-Sent Events)"},
     {"socks", "write \"proxy\": it speaks SOCKS5 and HTTP CONNECT"},
     {"socks5", "write \"proxy\": it speaks SOCKS5 and HTTP CONNECT"}});

// Whether a listener may have the protocol.
bool is_for_listeners(const MessageProtocol& messages) {
  return messages.has_connections() || messages.in_http_bodies();
}

}  // namespace

std::vector<std::string_view> Protocol::names() {
  std::vector<std::string_view> names;
  for (const auto& [name, protocol] : kWithoutMessages) {
    names.push_back(name);
    // Message protocols are listed after WebSocket, because WebSocket has messages, too.
    if (protocol != kWebSocket) continue;
    for (const auto* messages : message_protocols()) {
      if (is_for_listeners(*messages)) names.push_back(messages->name());
    }
  }
  return names;
}

std::optional<Protocol> Protocol::named(std::string_view wanted) {
  for (const auto& [name, protocol] : kWithoutMessages) {
    if (name == wanted) return protocol;
  }
  for (const auto* messages : message_protocols()) {
    if (is_for_listeners(*messages) && messages->name() == wanted) return of(*messages);
  }
  return std::nullopt;
}

std::string_view Protocol::name() const {
  if (messages_ != nullptr) return messages_->name();
  for (const auto& [name, protocol] : kWithoutMessages) {
    if (protocol == *this) return name;
  }
  return "?";
}

CarrierSet Protocol::carriers() const {
  switch (kind_) {
    case Kind::kUdp:
      return kDatagrams;
    case Kind::kDns:
      return kDnsQueries;
    case Kind::kHttp:
      return kStreams | kHttpRequests;
    case Kind::kTls:
      return kStreams | kTlsHandshakes;
    case Kind::kWebSocket:
      return kStreams | kHttpRequests | kMessages;
    case Kind::kMessages:
      return kStreams | kMessages | (has_body_messages() ? kHttpRequests : CarrierSet());
    case Kind::kProxy:
      return kStreams | kDnsQueries | kHttpRequests;
    case Kind::kTcp:
      break;
  }
  return kStreams;
}

ProtocolSet Protocol::messages() const {
  if (messages_ != nullptr) return ProtocolSet::of(*messages_);
  if (kind_ == Kind::kWebSocket) return ProtocolSet::where(&MessageProtocol::has_websockets);
  return {};
}

bool Protocol::knows_requests() const {
  if (messages_ != nullptr && messages_->has_requests()) return true;
  return kind_ == Kind::kDns || has_requests();
}

std::string ValueKind<Protocol>::name() {
  std::string text;
  for (const auto name : Protocol::names()) text += (text.empty() ? "" : " | ") + in_quotes(name);
  return text;
}

Result<Protocol> ValueKind<Protocol>::read(const Node& node) {
  const auto names = Protocol::names();
  const auto* text = node.string();
  if (text == nullptr) return unknown_name(node, names);
  if (const auto protocol = Protocol::named(*text)) return *protocol;
  const auto known = std::find_if(kProtocolHints.begin(), kProtocolHints.end(),
                                  [&](const auto& row) { return row.first == lower_case(*text); });
  if (known == kProtocolHints.end()) return unknown_name(node, names);
  return config_error("unknown value " + in_quotes(*text), std::string(known->second));
}

}  // namespace brownout::rules
