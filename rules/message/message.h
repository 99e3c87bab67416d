// One message of a protocol on a connection, as rules see it, beside its payload (a Chunk). What
// only its protocol knows of it is a view, whose type the protocol's folder defines
// (rules/protocols). A message of HTTP or DNS is one here where a stage must see several of them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace brownout::rules {

struct FlowFacts;       // match.h
class MessageProtocol;  // message_protocol.h

// Immutable once a rule may see it.
class MessageView {
 public:
  virtual ~MessageView() = default;
  // Bytes of memory, roughly.
  virtual std::size_t memory() const = 0;
};

struct Message {
  const MessageProtocol* protocol = nullptr;     // null: of HTTP or DNS
  std::shared_ptr<const MessageView> view = {};  // of that protocol; null: of HTTP or DNS
  std::vector<std::byte> wire = {};              // as it came; empty for one that a rule made
  // Of HTTP or DNS: what is known of it. Borrowed while a stage is told of it (shared_stages.h).
  const FlowFacts* exchange = nullptr;

  // It is of the protocol's upkeep (a ping), not of the application.
  bool is_control() const;
  // The last that its sender says.
  bool ends_conversation() const;
  // Whether it says no more than that another message came.
  bool acknowledges() const;
  std::size_t memory() const;
};

// The view of a message, or null where it is not of V's protocol. V::protocol() is the protocol
// whose messages have a V.
template <class V>
const V* view_as(const Message* message) {
  if (message == nullptr || message->protocol != &V::protocol()) return nullptr;
  return static_cast<const V*>(message->view.get());
}

}  // namespace brownout::rules
