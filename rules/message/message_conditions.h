// MessageConditions stores those keys of a rule's `match` that are specific to messaging protocols
// (an MQTT topic, a NATS subject). Several protocols may define the same key, each with its own
// meaning. Owned by the Match of a rule, and immutable once the rule file is read; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

class MessageConditions {
 public:
  // A key, with the protocols that define it.
  struct Key {
    FieldInfo info;
    std::vector<std::pair<const MessageProtocol*, MessageKey>> of;
  };
  // Returns the keys of all protocols.
  static std::vector<Key> keys();

  // Adds a condition. A value that no protocol with this key accepts is an error.
  void read(const Key& key, const Node& value, Diagnostics& problems);

  bool any() const { return !conditions_.empty(); }
  // The next functions are about the conditions of one key, or of all other keys.
  bool has(std::string_view key) const;
  bool has_another_than(std::string_view key) const;
  void drop(std::string_view key);
  // Returns the keys added, in order, each with the protocols that define it.
  std::vector<std::pair<std::string, ProtocolSet>> given() const;
  // Returns the mistakes in a key that another protocol understands, or null if there are none for
  // any of `protocols`.
  const Diagnostics* mistakes(ProtocolSet protocols) const;
  // Returns the first key whose messages, in all of `protocols` that have it, come from the other
  // peer than `sender` only; "" if there is none.
  std::string_view key_of_other(Sender sender, ProtocolSet protocols) const;
  // Returns the protocols that define all of the keys added.
  ProtocolSet protocols() const { return protocols_; }
  // `why_not` receives the name of a key that does not match.
  bool match(const Message& message, std::span<const std::byte> payload,
             std::string_view* why_not = nullptr) const;
  // Whether the payload of a message, after its head, is needed to decide.
  bool needs_payload() const { return behind_head_; }
  // Whether the types of messages are needed to decide: the key `descriptors` of the listener.
  bool needs_types() const { return needs_types_; }

 private:
  struct Condition {
    std::string key;
    const MessageProtocol* protocol;
    std::shared_ptr<const MessagePredicate> predicate;
    bool behind_head;
  };
  // Returns the first condition that does not match, of those that need the payload or of the
  // others; null if all match.
  const Condition* mismatch(const Message& message, std::span<const std::byte> payload,
                            bool behind_head) const;

  std::vector<Condition> conditions_;
  std::vector<std::pair<const MessageProtocol*, Diagnostics>> mistakes_;
  ProtocolSet protocols_ = ProtocolSet::any();
  bool behind_head_ = false;
  bool needs_types_ = false;
};

}  // namespace brownout::rules
