// Message describes one application message (an MQTT packet, an XMPP stanza, a Redis command) to
// rules and faults. Its payload is in a Chunk.
//
// The parsed fields of a protocol are in a MessageView; the type is defined in the protocol's
// folder (rules/protocols). HTTP and DNS messages have no view. For them, a Message exists only in
// stages that see several messages together (shared_stages.h).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace brownout::rules {

struct FlowFacts;       // match.h
class MessageProtocol;  // message_protocol.h

// Receives a property of a message: its name, a string literal, and its value.
using Tell = std::function<void(std::string_view name, std::string_view value)>;

// Immutable once rules can access it.
class MessageView {
 public:
  virtual ~MessageView() = default;
  // Approximate bytes of memory in use.
  virtual std::size_t memory() const = 0;
};

struct Message {
  const MessageProtocol* protocol = nullptr;     // null for HTTP and DNS
  std::shared_ptr<const MessageView> view = {};  // parsed fields; null for HTTP and DNS
  std::vector<std::byte> wire = {};              // bytes as received; empty if a rule made it
  // Facts of an HTTP or DNS message, else null. Borrowed for one call of a stage
  // (shared_stages.h).
  const FlowFacts* exchange = nullptr;

  // Whether it maintains the connection (a ping) and carries no application data.
  bool is_control() const;
  // Whether it is the last message of its sender (MQTT DISCONNECT, WebSocket Close).
  bool ends_conversation() const;
  // Whether it only acknowledges another message.
  bool acknowledges() const;
  std::size_t memory() const;
};

// The view of a message as a V, or null if the message belongs to another protocol.
// V::protocol() is the protocol whose messages have a V as view.
template <class V>
const V* view_as(const Message* message) {
  if (message == nullptr || message->protocol != &V::protocol()) return nullptr;
  return static_cast<const V*>(message->view.get());
}

}  // namespace brownout::rules
