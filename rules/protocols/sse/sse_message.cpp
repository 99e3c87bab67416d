#include "rules/protocols/sse/sse_message.h"

#include "rules/message/json_key.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using SsePatterns = std::vector<TextPattern>;

class SseProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "sse"; }
  std::string_view title() const override { return "Server-Sent Events"; }

  bool has_connections() const override { return false; }
  bool in_http_bodies() const override { return true; }
  // The client cannot answer on an event stream.
  bool has_refusals() const override { return false; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    return {
        message_key<SseMessage, SsePatterns>(
            "event",
            "only events of these types; \"message\" is the type of an event without one; patterns "
            "as for path",
            [](const auto& message, const auto& wanted) {
              return message.kind == SseKind::kEvent && any_matches(wanted, message.event());
            }),
        message_key<SseMessage, SsePatterns>(
            "id", "only events that set these ids; patterns as for path",
            [](const auto& message, const auto& wanted) {
              return message.has_id && any_matches(wanted, message.id);
            }),
        message_key<SseMessage, SsePatterns>(
            "last_event_id",
            "only streams whose request has these values of the header Last-Event-ID, which a "
            "client sends to continue an interrupted stream; patterns as for path",
            [](const auto& message, const auto& wanted) {
              return message.last_event_id && !message.last_event_id->empty() &&
                     any_matches(wanted, *message.last_event_id);
            }),
        message_key<SseMessage, bool>("comment",
                                      "true: only comments, which servers send to keep the "
                                      "connection open; false: only events",
                                      [](const auto& message, const bool& wanted) {
                                        return wanted == (message.kind == SseKind::kComment);
                                      }),
        json_key("only events whose data is JSON with these values, as for ndjson"),
    };
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = view(message);
    if (is.kind == SseKind::kEvent) tell("event", is.event());
    if (is.kind == SseKind::kComment) tell("comment", "true");
    if (is.has_id) tell("id", is.id);
    if (is.last_event_id && !is.last_event_id->empty()) tell("last_event_id", *is.last_event_id);
  }

  std::string_view about_text() const override { return "only events whose data matches"; }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    if (view(message).kind != SseKind::kEvent) return std::nullopt;
    return text_of(payload);
  }

  bool is_control(const Message& message) const override {
    return view(message).kind == SseKind::kComment;
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    if (view(*chunk.message()).kind != SseKind::kEvent) return std::nullopt;
    return message_chunk(*this, chunk.message()->view, text);
  }
  std::optional<Refusal> refuse(const Chunk&, const RefusalOptions&) const override {
    return std::nullopt;
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{"event", "type of the event"},
            {"id", "id of the event"},
            {"last-event-id", "Last-Event-ID of the request"},
            {.name = "comment",
             .meaning = "whether the event is a comment (false)",
             .values = {"true", "false"},
             .is_value = true}};
  }
  Message message_from_options(const OptionValue& of) const override {
    auto event = std::make_shared<SseMessage>();
    event->type = of("event");
    event->id = of("id");
    event->has_id = !event->id.empty();
    if (of("comment") == "true") event->kind = SseKind::kComment;
    event->last_event_id = std::make_shared<const std::string>(of("last-event-id"));
    return {.protocol = this, .view = std::move(event)};
  }

 private:
  static const SseMessage& view(const Message& message) { return *view_as<SseMessage>(&message); }
};

}  // namespace

const MessageProtocol& SseMessage::protocol() {
  static const SseProtocol protocol;
  return protocol;
}

}  // namespace brownout::rules
