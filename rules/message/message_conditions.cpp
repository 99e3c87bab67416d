#include "rules/message/message_conditions.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace brownout::rules {

std::vector<MessageConditions::Key> MessageConditions::keys() {
  std::vector<Key> all;
  for (const auto* protocol : message_protocols()) {
    for (auto& own : protocol->keys()) {
      own.info.meaning = std::string(protocol->name()) + ": " + own.info.meaning;
      const auto known = std::find_if(
          all.begin(), all.end(), [&](const Key& key) { return key.info.name == own.info.name; });
      if (known == all.end()) {
        all.push_back({own.info, {{protocol, own}}});
        continue;
      }
      known->info.meaning += "; " + own.info.meaning;
      if (known->info.type != own.info.type) known->info.type += ", or " + own.info.type;
      known->of.emplace_back(protocol, own);
    }
  }
  return all;
}

void MessageConditions::read(const Key& key, const Node& value, Diagnostics& problems) {
  ProtocolSet understood;
  std::vector<std::pair<const MessageProtocol*, Diagnostics>> mistakes;
  for (const auto& [protocol, own] : key.of) {
    Diagnostics wrong;
    if (auto predicate = own.read(value, wrong)) {
      conditions_.push_back({key.info.name, protocol, std::move(predicate), own.behind_head});
      understood = understood | ProtocolSet::of(*protocol);
      behind_head_ = behind_head_ || own.behind_head;
      needs_types_ = needs_types_ || own.needs_types;
    } else {
      mistakes.emplace_back(protocol, std::move(wrong));
    }
  }
  if (understood.empty()) {
    if (!mistakes.empty()) problems.add_all(mistakes.front().second);
    return;
  }
  std::move(mistakes.begin(), mistakes.end(), std::back_inserter(mistakes_));
  protocols_ = protocols_ & understood;
}

const Diagnostics* MessageConditions::mistakes(ProtocolSet protocols) const {
  const auto found = std::find_if(mistakes_.begin(), mistakes_.end(), [&](const auto& mistake) {
    return protocols.has(*mistake.first);
  });
  return found != mistakes_.end() ? &found->second : nullptr;
}

bool MessageConditions::has(std::string_view key) const {
  return std::any_of(conditions_.begin(), conditions_.end(),
                     [&](const Condition& condition) { return condition.key == key; });
}

bool MessageConditions::has_another_than(std::string_view key) const {
  return std::any_of(conditions_.begin(), conditions_.end(),
                     [&](const Condition& condition) { return condition.key != key; });
}

void MessageConditions::drop(std::string_view key) {
  std::erase_if(conditions_, [&](const Condition& condition) { return condition.key == key; });
  std::map<std::string_view, ProtocolSet> understood;
  for (const auto& condition : conditions_) {
    auto& by_key = understood[condition.key];
    by_key = by_key | ProtocolSet::of(*condition.protocol);
  }
  protocols_ = ProtocolSet::any();
  for (const auto& [name, protocols] : understood) protocols_ = protocols_ & protocols;
}

std::vector<std::pair<std::string, ProtocolSet>> MessageConditions::given() const {
  std::vector<std::pair<std::string, ProtocolSet>> all;
  for (const auto& condition : conditions_) {
    const auto own = ProtocolSet::of(*condition.protocol);
    if (!all.empty() && all.back().first == condition.key) {
      all.back().second = all.back().second | own;
    } else {
      all.emplace_back(condition.key, own);
    }
  }
  return all;
}

std::string_view MessageConditions::key_of_other(Sender sender, ProtocolSet protocols) const {
  const auto possible = [&](std::string_view key) {
    return std::any_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
      const bool has = condition.key == key && protocols.has(*condition.protocol);
      return has && condition.predicate->sender().value_or(sender) == sender;
    });
  };
  const auto other =
      std::find_if(conditions_.begin(), conditions_.end(),
                   [&](const Condition& condition) { return !possible(condition.key); });
  return other != conditions_.end() ? std::string_view(other->key) : std::string_view();
}

bool MessageConditions::match(const Message& message, std::span<const std::byte> payload,
                              std::string_view* why_not) const {
  const auto needed =
      message.protocol != nullptr ? message.protocol->selecting_key(message) : std::string_view();
  if (!needed.empty() && !has(needed)) {
    if (why_not != nullptr) *why_not = needed;
    return false;
  }
  if (conditions_.empty()) return true;
  if (message.protocol == nullptr || !protocols().has(*message.protocol)) return false;
  // A payload may have to be decompressed, which the other conditions can save.
  const auto* other = mismatch(message, payload, false);
  if (other == nullptr && behind_head_) other = mismatch(message, payload, true);
  if (other != nullptr && why_not != nullptr) *why_not = other->key;
  return other == nullptr;
}

const MessageConditions::Condition* MessageConditions::mismatch(const Message& message,
                                                                std::span<const std::byte> payload,
                                                                bool behind_head) const {
  const auto found =
      std::find_if(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
        return condition.protocol == message.protocol && condition.behind_head == behind_head &&
               !condition.predicate->matches(message, payload);
      });
  return found != conditions_.end() ? &*found : nullptr;
}

}  // namespace brownout::rules
