#include "rules/protocols/nats/nats_message.h"

#include <algorithm>

#include "rules/message/trace.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using NatsPatterns = std::vector<TextPattern>;
using SubjectPatterns = std::vector<SubjectPattern>;

// Prefix of the subjects on which JetStream clients acknowledge deliveries (ADR-15).
constexpr std::string_view kAckSubject = "$JS.ACK.";

template <class T>
MessageKey nats_key(std::string name, std::string meaning,
                    bool (*matches)(const NatsMessage&, const T&), SenderOf<T> sender = nullptr) {
  return message_key<NatsMessage, T>(std::move(name), std::move(meaning), matches, {}, sender);
}

// Returns who alone sends messages with the verb; no value if both peers do.
std::optional<Sender> sender_of_verb(NatsVerb verb) {
  switch (verb) {
    case NatsVerb::kConnect:
    case NatsVerb::kPub:
    case NatsVerb::kHpub:
    case NatsVerb::kSub:
    case NatsVerb::kUnsub:
      return Sender::kClient;
    case NatsVerb::kInfo:
    case NatsVerb::kMsg:
    case NatsVerb::kHmsg:
    case NatsVerb::kOk:
    case NatsVerb::kErr:
      return Sender::kServer;
    case NatsVerb::kPing:
    case NatsVerb::kPong:
      break;
  }
  return std::nullopt;
}

class NatsProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "nats"; }
  std::string_view title() const override { return "NATS"; }
  // The server requests TLS with tls_required in its plain-text INFO.
  bool has_starttls() const override { return true; }
  bool has_requests() const override { return true; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    return {nats_key<std::vector<NatsVerb>>(
                "verb", "only messages with these verbs",
                [](const auto& message, const auto& verbs) {
                  return std::find(verbs.begin(), verbs.end(), message.line.verb) != verbs.end();
                },
                [](const auto& verbs) { return sender_of_all(verbs, sender_of_verb); }),
            nats_key<SubjectPatterns>(
                "subject",
                "only messages and subscriptions whose subject matches one of these, with * and >",
                [](const auto& message, const auto& patterns) {
                  const auto& subject = message.line.subject;
                  return std::any_of(
                      patterns.begin(), patterns.end(), [&](const SubjectPattern& pattern) {
                        return !subject.empty() && subject_matches(pattern.text, subject);
                      });
                }),
            nats_key<NatsPatterns>("queue",
                                   "only subscriptions of these queue groups, and messages that "
                                   "are delivered to them; patterns as for path",
                                   [](const auto& message, const auto& wanted) {
                                     return !message.line.queue.empty() &&
                                            any_matches(wanted, message.line.queue);
                                   }),
            nats_key<NatsPatterns>(
                "client_name", "only connections of clients with these names; patterns as for path",
                [](const auto& message, const auto& wanted) {
                  return message.connection && any_matches(wanted, message.connection->client_name);
                }),
            headers_key<NatsMessage>(
                "header", R"(Nats-Msg-Id = "order-*")",
                "only published and delivered messages with all of these headers: { Nats-Msg-Id = "
                "\"order-*\" }",
                [](const auto& message, const HeaderPattern& wanted) {
                  const auto values = nats_headers(message.line.headers, wanted.name);
                  return std::any_of(values.begin(), values.end(), [&](std::string_view value) {
                    return wanted.value.matches(value);
                  });
                })};
  }

  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = *view_as<NatsMessage>(&message);
    tell("verb", name_of(is.line.verb));
    if (!is.line.subject.empty()) tell("subject", is.line.subject);
    if (!is.line.queue.empty()) tell("queue", is.line.queue);
    if (is.connection && !is.connection->client_name.empty()) {
      tell("client_name", is.connection->client_name);
    }
    if (is.line.headers.empty()) return;
    const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
      const auto values = nats_headers(is.line.headers, name);
      return values.empty() ? std::nullopt : std::optional(values.front());
    };
    tell_trace(find, tell);
  }

  std::string_view about_text() const override {
    return "only published and delivered messages whose payload matches, and errors (-ERR) whose "
           "text matches";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    const auto& line = view(message);
    if (has_payload(line.verb)) return text_of(payload);
    if (line.verb == NatsVerb::kErr) return line.text;
    return std::nullopt;
  }

  bool has_acknowledgements() const override { return true; }
  // Whether the message acknowledges another: +OK on a verbose connection, the client's answer to a
  // JetStream delivery, or JetStream's answer to a publish.
  bool acknowledges(const Message& message) const override {
    const auto& line = view(message);
    if (line.verb == NatsVerb::kOk) return true;
    const bool published = line.verb == NatsVerb::kPub || line.verb == NatsVerb::kHpub;
    if (published) return line.subject.starts_with(kAckSubject);
    return (line.verb == NatsVerb::kMsg || line.verb == NatsVerb::kHmsg) && line.acknowledges;
  }
  bool is_control(const Message& message) const override {
    const auto verb = view(message).verb;
    return verb == NatsVerb::kPing || verb == NatsVerb::kPong;
  }
  std::optional<std::string> words(const Chunk& chunk) const override {
    if (!has_payload(view(*chunk.message()).verb)) return std::nullopt;
    return std::string(text_of(chunk.bytes()));
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    const auto& message = *view_as<NatsMessage>(chunk.message());
    if (!has_payload(message.line.verb)) return std::nullopt;
    return message_chunk(
        *this, std::make_shared<const NatsMessage>(message.line, message.connection), text);
  }

  // Returns the error of a server that denies permission. Only a rejected CONNECT closes the
  // connection.
  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions&) const override {
    const auto& line = view(*asked.message());
    switch (line.verb) {
      case NatsVerb::kConnect:
        return Refusal{nats_error("Authorization Violation"), true};
      case NatsVerb::kPub:
      case NatsVerb::kHpub:
        return Refusal{nats_error("Permissions Violation for Publish to \"" + line.subject + "\"")};
      case NatsVerb::kSub:
        return Refusal{
            nats_error("Permissions Violation for Subscription to \"" + line.subject + "\"")};
      default:
        return std::nullopt;
    }
  }
  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override {
    return {
        option_key<std::string>(
            "subject", "prefix of the subjects: each user publishes to its own subject below it",
            in_quotes(kUsersSubject)),
        option_key<bool>(
            "jetstream",
            "whether JetStream must acknowledge each message; a stream for the subjects must exist",
            "false")};
  }
  std::optional<Chunk> pong(const Chunk& ping) const override {
    if (view(*ping.message()).verb != NatsVerb::kPing) return std::nullopt;
    return nats_chunk({.verb = NatsVerb::kPong});
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{.name = "verb",
             .meaning = "verb of the message (pub)",
             .values = names_of<NatsVerb>(),
             .is_value = true},
            {"subject", "its subject"},
            {"queue", "queue group of the subscription"},
            {"client-name", "name of the client"}};
  }
  Message message_from_options(const OptionValue& of) const override {
    NatsLine line{.verb = value_named<NatsVerb>(of("verb")).value_or(NatsVerb::kPub)};
    line.subject = of("subject");
    line.queue = of("queue");
    if (const auto headers = of("header"); !headers.empty()) {
      line.headers = "NATS/1.0\r\n" + headers + "\r\n";
    }
    const auto connection =
        std::make_shared<const NatsConnection>(NatsConnection{.client_name = of("client-name")});
    return {.protocol = this,
            .view = std::make_shared<const NatsMessage>(std::move(line), connection)};
  }

 private:
  static const NatsLine& view(const Message& message) {
    return view_as<NatsMessage>(&message)->line;
  }
};

}  // namespace

const MessageProtocol& NatsMessage::protocol() {
  static const NatsProtocol protocol;
  return protocol;
}

Chunk nats_chunk(NatsLine line, std::string_view payload) {
  return message_chunk(NatsMessage::protocol(),
                       std::make_shared<const NatsMessage>(std::move(line), nullptr), payload);
}

Chunk nats_error(std::string text) {
  return nats_chunk({.verb = NatsVerb::kErr, .text = std::move(text)});
}

}  // namespace brownout::rules
