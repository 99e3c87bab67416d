// MessageConditions holds the keys of a rule's `match` that are specific to messaging protocols
// (an MQTT topic, a NATS subject). Several protocols may define the same key, each with its own
// meaning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

class MessageConditions {
 public:
  // A key and the protocols that define it.
  struct Key {
    FieldInfo info;
    std::vector<std::pair<const MessageProtocol*, MessageKey>> of;
  };
  // The keys of all protocols.
  static std::vector<Key> keys();

  // Adds a condition. A value that no protocol of the key accepts is an error.
  void read(const Key& key, const Node& value, Diagnostics& problems);

  bool any() const { return !conditions_.empty(); }
  bool has(std::string_view key) const;
  bool has_another_than(std::string_view key) const;
  void drop(std::string_view key);
  // The protocols that define all of the given keys.
  ProtocolSet protocols() const { return protocols_; }
  // `why_not` receives the name of a key that does not match.
  bool match(const Message& message, std::string_view* why_not = nullptr) const;
  // Whether a condition needs data after the head of a message.
  bool looks_behind_head() const { return behind_head_; }

 private:
  struct Condition {
    std::string key;
    const MessageProtocol* protocol;
    std::shared_ptr<const MessagePredicate> predicate;
  };
  std::vector<Condition> conditions_;
  ProtocolSet protocols_ = ProtocolSet::any();
  bool behind_head_ = false;
};

}  // namespace brownout::rules
