#include "rules/message/json_key.h"

#include <utility>

#include "rules/schema/json_text.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kJsonExample = R"(e.g. json = { "/type" = "message*", "/done" = true })";

struct JsonCondition {
  JsonPointer at;
  TextPattern value;
};

class JsonPredicate final : public MessagePredicate {
 public:
  explicit JsonPredicate(std::vector<JsonCondition> wanted) : wanted_(std::move(wanted)) {}

  bool matches(const Message& message, std::span<const std::byte> payload) const override {
    const auto text = message.protocol->text(message, payload);
    if (!text || !is_json(*text)) return false;
    return std::all_of(wanted_.begin(), wanted_.end(), [&](const JsonCondition& wanted) {
      const auto value = json_value(*text, wanted.at);
      return !value.empty() && wanted.value.matches(json_words(value));
    });
  }

 private:
  std::vector<JsonCondition> wanted_;
};

// Strings are patterns. Numbers and booleans are compared by their JSON text.
Result<TextPattern> read_json_pattern(const Node& node) {
  if (node.string() != nullptr) return TextPattern::parse(*node.string());
  if (node.table() != nullptr || node.array() != nullptr) {
    return wrong_type(node, "a pattern, a number or true or false");
  }
  const auto json = json_of(node);
  if (!json) return tl::unexpected(json.error());
  return TextPattern::parse(*json);
}

std::shared_ptr<const MessagePredicate> read_json(const Node& node, Diagnostics& problems) {
  if (node.table() == nullptr || node.table()->empty()) {
    problems.add(node.where,
                 node.table() == nullptr
                     ? "json: expected a table, found " + std::string(node.type_name())
                     : "json is empty, so it selects nothing",
                 std::string(kJsonExample));
    return nullptr;
  }
  std::vector<JsonCondition> wanted;
  for (const auto& member : *node.table()) {
    auto at = JsonPointer::parse(member.key);
    auto value = read_json_pattern(member.node);
    if (!at) problems.add(member.where, "json: " + at.error().what, at.error().hint);
    if (!value) problems.add(member.node.where, "json: " + value.error().what, value.error().hint);
    if (at && value) wanted.push_back({std::move(*at), std::move(*value)});
  }
  if (wanted.size() < node.table()->size()) return nullptr;
  return std::make_shared<const JsonPredicate>(std::move(wanted));
}

}  // namespace

MessageKey json_key(std::string meaning) {
  return {{"json", "table of JSON pointers", "", "none", std::move(meaning)}, read_json, true};
}

}  // namespace brownout::rules
