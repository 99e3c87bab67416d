// Message describes one application message (an MQTT packet, an XMPP stanza, a Redis command) to
// rules and faults. Its payload is stored separately in a Chunk.
//
// The parsed fields of a message are in a MessageView, with a subclass for each protocol
// (rules/protocols). HTTP and DNS messages have no view. For them, a Message exists only in faults
// that need several messages at once, such as reorder (rules/engine/shared_stages.h). Immutable
// once rules can access it; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace brownout::rules {

struct FlowFacts;       // defined in match.h
class MessageProtocol;  // defined in message_protocol.h

// The peer of a connection that sends a message.
enum class Sender { kClient, kServer };

// A function that receives one property of a message: its name, a string literal, and its value.
using Tell = std::function<void(std::string_view name, std::string_view value)>;

// Immutable once rules can access it.
class MessageView {
 public:
  virtual ~MessageView() = default;
  // Returns the approximate memory use in bytes.
  virtual std::size_t memory() const = 0;
};

struct Message {
  const MessageProtocol* protocol = nullptr;     // null for HTTP and DNS
  std::shared_ptr<const MessageView> view = {};  // parsed fields; null for HTTP and DNS
  std::vector<std::byte> wire = {};  // bytes as received; empty if a rule created the message
  // The facts of an HTTP or DNS message, else null. Borrowed during one call of a stage
  // (shared_stages.h).
  const FlowFacts* exchange = nullptr;

  // Whether the message only keeps the connection alive (a ping) and carries no application data.
  bool is_control() const;
  // Whether the message is the last of its sender (MQTT DISCONNECT, WebSocket Close).
  bool ends_conversation() const;
  // Whether the message only acknowledges another message.
  bool acknowledges() const;
  std::size_t memory() const;
};

// Returns the view of a message as a V, or null if the message belongs to another protocol.
// V::protocol() is the protocol whose messages have a V as view.
template <class V>
const V* view_as(const Message* message) {
  if (message == nullptr || message->protocol != &V::protocol()) return nullptr;
  return static_cast<const V*>(message->view.get());
}

}  // namespace brownout::rules
