// The keys of a match that only some protocols' messages have. A key may belong to several
// protocols, each with a meaning of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

class MessageConditions {
 public:
  // A key with each protocol that has it.
  struct Key {
    FieldInfo info;
    std::vector<std::pair<const MessageProtocol*, MessageKey>> of;
  };
  // Those of all protocols.
  static std::vector<Key> keys();

  // The value is a mistake where no protocol that has the key understands it.
  void read(const Key& key, const Node& value, Diagnostics& problems);

  bool any() const { return !conditions_.empty(); }
  bool has(std::string_view key) const;
  bool has_another_than(std::string_view key) const;
  void drop(std::string_view key);
  // The protocols that have all of these keys.
  ProtocolSet protocols() const { return protocols_; }
  bool match(const Message& message) const;
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
