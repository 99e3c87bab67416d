#include "rules/protocols/framed/framed_message.h"

#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

class FramedProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "framed"; }
  std::string_view title() const override { return "protocol = \"framed\""; }

  bool needs_framing() const override { return true; }

  std::vector<MessageKey> keys() const override {
    return {message_key<FramedMessage, std::vector<TextPattern>>(
        "kind",
        "only messages of these kinds; `kind` of the framing finds the kind of a message; patterns "
        "as for path",
        [](const auto& message, const auto& kinds) { return any_matches(kinds, message.kind); })};
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& kind = view_as<FramedMessage>(&message)->kind;
    if (!kind.empty()) tell("kind", kind);
  }
  std::string_view about_text() const override { return "only messages whose payload matches"; }
  std::optional<std::string_view> text(const Message&,
                                       std::span<const std::byte> payload) const override {
    return text_of(payload);
  }

  bool has_acknowledgements() const override { return true; }
  bool acknowledges(const Message& message) const override {
    return view_as<FramedMessage>(&message)->acknowledging;
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    return message_chunk(*this, chunk.message()->view, text);
  }

  std::string_view about_refusal() const override {
    return "the message that is the answer, without its length field or delimiter";
  }
  std::optional<Refusal> refuse(const Chunk&, const RefusalOptions& how) const override {
    return Refusal{message_chunk(*this, std::make_shared<const FramedMessage>(), how.text)};
  }

  std::vector<ExplainOption> explain_options() const override { return {{"kind", "its kind"}}; }
  Message message_from_options(const OptionValue& of) const override {
    return {.protocol = this, .view = std::make_shared<const FramedMessage>(of("kind"))};
  }
};

}  // namespace

const MessageProtocol& FramedMessage::protocol() {
  static const FramedProtocol protocol;
  return protocol;
}

}  // namespace brownout::rules
