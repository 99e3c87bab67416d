#include "rules/protocols/ndjson/ndjson_message.h"

#include "rules/message/json_key.h"

namespace brownout::rules {
namespace {

class NdjsonProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "ndjson"; }
  std::string_view title() const override { return "newline-delimited JSON"; }

  bool has_connections() const override { return false; }
  bool in_http_bodies() const override { return true; }
  bool has_refusals() const override { return false; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    return {json_key(
        "only lines with these values: JSON pointers, each with a pattern as for path for a "
        "string, or with a number, true or false")};
  }
  void describe(const Message&, const Tell&) const override {}

  std::string_view about_size() const override { return "the line's"; }
  std::string_view about_text() const override { return "only lines that match"; }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    if (is_control(message)) return std::nullopt;
    return text_of(payload);
  }

  bool is_control(const Message& message) const override {
    return view_as<NdjsonMessage>(&message)->blank;
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    if (is_control(*chunk.message())) return std::nullopt;
    return message_chunk(*this, chunk.message()->view, text);
  }
  std::optional<Refusal> refuse(const Chunk&, const RefusalOptions&) const override {
    return std::nullopt;
  }

  std::vector<ExplainOption> explain_options() const override { return {}; }
  Message message_from_options(const OptionValue&) const override {
    return {.protocol = this, .view = std::make_shared<const NdjsonMessage>(false)};
  }
};

}  // namespace

const MessageProtocol& NdjsonMessage::protocol() {
  static const NdjsonProtocol protocol;
  return protocol;
}

}  // namespace brownout::rules
