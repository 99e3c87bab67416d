#include "rules/language/explain_messages.h"

#include <algorithm>
#include <vector>

#include "rules/base/list_text.h"

namespace brownout::rules {
namespace {

// Returns the option that gives a key of `match`; "" if the protocol has none.
std::string option_of(const MessageProtocol& protocol, std::string_view key) {
  auto name = std::string(key);
  std::replace(name.begin(), name.end(), '_', '-');
  const auto options = protocol.explain_options();
  const bool known = std::any_of(options.begin(), options.end(),
                                 [&](const auto& option) { return option.name == name; });
  if (known) return "--" + name;
  return key == "header" || key == "metadata" ? "--header" : "";
}

bool has_value(const Message& message, std::string_view key) {
  bool has = false;
  message.protocol->describe(
      message, [&](std::string_view name, std::string_view) { has = has || name == key; });
  return has;
}

// Whether an option for the key would not help: each message has a value of a key that is true or
// false, and describe() does not tell the values in a payload.
bool has_hidden_value(const MessageProtocol& protocol, std::string_view key) {
  const auto keys = protocol.keys();
  return std::any_of(keys.begin(), keys.end(), [&](const MessageKey& own) {
    return own.info.name == key && (own.behind_head || own.info.type == ValueKind<bool>::name());
  });
}

}  // namespace

std::string other_message_text(const Rule& rule, const Message& message, std::string_view key) {
  const std::string name(key);
  if (message.protocol == nullptr) return "its `" + name + "` does not match the message";
  const auto& protocol = *message.protocol;
  if (protocol.selecting_key(message) == key && !rule.match.message.has(key)) {
    return "it does not act on messages with a " + name + ", because its match has no " + name;
  }
  const auto option = option_of(protocol, key);
  const bool tells = !option.empty() && option != "--header";
  if (!tells || has_value(message, key) || has_hidden_value(protocol, key)) {
    return "its `" + name + "` does not match the message";
  }
  return "its `" + name + "` needs a message with a " + name + ": give " + option;
}

std::string message_options_text(const Rule& rule, ProtocolSet protocols) {
  std::vector<std::string> names;
  for (const auto& [key, of] : rule.match.message.given()) {
    for (const auto* protocol : message_protocols()) {
      if (!(of & protocols).has(*protocol)) continue;
      const auto option = option_of(*protocol, key);
      const bool known = std::find(names.begin(), names.end(), option) != names.end();
      if (!option.empty() && !known) names.push_back(option);
    }
  }
  const auto& match = rule.match;
  const bool by_payload = !match.text.empty() || match.min_size || match.max_size;
  if (by_payload || names.empty()) names.emplace_back("--text");
  return list_text({names.begin(), names.end()});
}

}  // namespace brownout::rules
