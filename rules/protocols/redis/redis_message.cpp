#include "rules/protocols/redis/redis_message.h"

#include <algorithm>

#include "rules/base/whole_number.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using RedisPatterns = std::vector<TextPattern>;

template <class T>
MessageKey redis_key(std::string name, std::string meaning,
                     bool (*matches)(const RedisMessage&, const T&), LimitsOf<T> limits = {},
                     SenderOf<T> sender = nullptr) {
  return message_key<RedisMessage, T>(std::move(name), std::move(meaning), matches, limits, sender);
}

bool any_redis_name_matches(const RedisPatterns& wanted, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return any_matches(wanted, name); });
}

// Whether the error begins with a code, a word in capitals, by which clients distinguish errors.
bool has_redis_error_code(std::string_view text) {
  const auto word = text.substr(0, text.find(' '));
  return !word.empty() &&
         word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

std::vector<MessageKey> keys_of_redis_commands() {
  return {redis_key<std::vector<RedisCommandPattern>>(
              "command",
              "only these commands, and their replies: \"GET\", \"SCRIPT LOAD\", in any case; "
              "\"CLIENT\" matches all its subcommands",
              [](const auto& message, const auto& wanted) {
                return message.command &&
                       std::any_of(wanted.begin(), wanted.end(), [&](const auto& pattern) {
                         return pattern.matches(message.command->name);
                       });
              }),
          redis_key<RedisPatterns>(
              "key", "only commands with a matching key, and their replies; patterns as for path",
              [](const auto& message, const auto& wanted) {
                return message.command && any_redis_name_matches(wanted, message.command->keys);
              }),
          redis_key<RedisPatterns>(
              "channel",
              "only messages of matching channels, and commands that publish to, subscribe to or "
              "unsubscribe from such channels; patterns as for path",
              [](const auto& message, const auto& wanted) {
                if (message.channel) return any_matches(wanted, *message.channel);
                return message.command && any_redis_name_matches(wanted, message.command->channels);
              }),
          redis_key<std::vector<std::int64_t>>(
              "database", "only commands in these databases (SELECT), and their replies",
              [](const auto& message, const auto& wanted) {
                return message.database &&
                       std::find(wanted.begin(), wanted.end(), *message.database) != wanted.end();
              },
              {.least = 0, .most = INT32_MAX})};
}

class RedisProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "redis"; }
  std::string_view title() const override { return "Redis"; }

  bool names_servers() const override { return true; }
  bool has_requests() const override { return true; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    auto keys = keys_of_redis_commands();
    keys.push_back(redis_key<std::vector<RedisType>>(
        "reply", "only replies of these types; push means any unsolicited message, also in RESP2",
        [](const auto& message, const auto& types) {
          return message.reply &&
                 std::find(types.begin(), types.end(), message.reply->type) != types.end();
        },
        {}, [](const auto&) { return std::optional(Sender::kServer); }));
    keys.push_back(redis_key<std::vector<std::string>>(
        "error", "only errors that begin with one of these: \"MOVED\", \"ERR\"",
        [](const auto& message, const auto& wanted) {
          return message.reply && message.reply->type == RedisType::kError &&
                 std::any_of(wanted.begin(), wanted.end(), [&](const std::string& code) {
                   return message.reply->text.starts_with(code);
                 });
        },
        {}, [](const auto&) { return std::optional(Sender::kServer); }));
    return keys;
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = view(message);
    if (is.command) {
      tell("command", is.command->name);
      if (!is.command->keys.empty()) tell("key", is.command->keys.front());
    }
    if (is.channel) {
      tell("channel", *is.channel);
    } else if (is.command && !is.command->channels.empty()) {
      tell("channel", is.command->channels.front());
    }
    if (is.database) tell("database", std::to_string(*is.database));
    if (is.reply) tell("reply", name_of(is.reply->type));
    if (is.reply && is.reply->type == RedisType::kError) tell("error", is.reply->text);
  }
  // For rules, the size is that of the whole message in bytes; 0 for a message that a rule made.
  std::string_view about_size() const override { return "that of the whole command or reply"; }
  std::size_t size(const Message& message, std::span<const std::byte>) const override {
    return message.wire.size();
  }
  std::string_view about_text() const override {
    return "only commands whose written, published or echoed value matches, replies whose text "
           "matches, and published messages whose payload matches";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    const auto& facts = view(message);
    if (facts.value) return text_of(payload);
    if (facts.reply && !facts.reply->text.empty()) return facts.reply->text;
    return std::nullopt;
  }

  bool has_acknowledgements() const override { return true; }
  bool acknowledges(const Message& message) const override {
    const auto& facts = view(message);
    return facts.reply && !facts.is_push();
  }
  bool is_control(const Message& message) const override {
    const auto& facts = view(message);
    return facts.command && facts.command->name == "ping";
  }
  bool ends_conversation(const Message& message) const override {
    const auto& facts = view(message);
    return !facts.reply && facts.command && facts.command->name == "quit";
  }
  std::optional<std::string> words(const Chunk& chunk) const override {
    if (!view(*chunk.message()).value) return std::nullopt;
    return std::string(text_of(chunk.bytes()));
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    if (!view(*chunk.message()).value) return std::nullopt;
    // Mark the payload as changed. The codec then writes the new value, and all other bytes as
    // received.
    auto other = Chunk::of(std::as_bytes(std::span(text.data(), text.size())),
                           std::make_shared<const Message>(*chunk.message()));
    other.mutable_bytes();
    return other;
  }

  // Returns an error in place of the reply. QUIT is not refused, so that a client can leave.
  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto* request = redis_request_of(asked);
    if (request == nullptr || request->command->name == "quit") return std::nullopt;
    if (how.text.empty()) return Refusal{redis_error(*request, std::string(kRedisRefusal))};
    return Refusal{
        redis_error(*request, has_redis_error_code(how.text) ? how.text : "ERR " + how.text)};
  }
  std::string_view about_refusal() const override { return "the error"; }
  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override {
    return {option_key<std::string>("key_prefix", "prefix of each user's own key and channel",
                                    in_quotes(kUsersKeyPrefix)),
            option_key<std::int64_t>("database", "database of the key (SELECT)", "0",
                                     {.least = 0, .most = INT32_MAX}),
            option_key<bool>("pubsub",
                             "true: each operation also publishes three numbered messages, and "
                             "succeeds only if all of them arrive",
                             "true")};
  }
  std::optional<Chunk> pong(const Chunk& ping) const override {
    const auto* request = redis_request_of(ping);
    if (request == nullptr || request->command->name != "ping") return std::nullopt;
    RedisMessage pong;
    pong.command = request->command;
    pong.database = request->database;
    const auto said = text_of(ping.bytes());
    const bool is_bulk = request->value.has_value();
    pong.reply = {is_bulk ? RedisType::kBulk : RedisType::kSimple,
                  is_bulk ? std::string(said) : "PONG"};
    if (request->command->subscribed) pong.reply = {RedisType::kArray, std::string(said)};
    return message_chunk(*this, std::make_shared<const RedisMessage>(std::move(pong)));
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{"command", "the command; for a reply, the command that it answers (get)"},
            {"key", "its key"},
            {"channel", "its channel"},
            {.name = "database", .meaning = "number of the database (0)", .is_value = true},
            {.name = "reply",
             .meaning = "type of the reply",
             .values = names_of<RedisType>(),
             .is_value = true},
            {"error", "text of an error reply"}};
  }
  Message message_from_options(const OptionValue& of) const override {
    RedisCommand command{.name = lower_case(of("command"))};
    if (command.name.empty()) command.name = "get";
    command.row = &redis_command_row(command.name);
    if (const auto key = of("key"); !key.empty()) command.keys.push_back(key);
    if (const auto channel = of("channel"); !channel.empty()) command.channels.push_back(channel);
    RedisMessage message;
    message.database =
        parse_whole_number(of("database"), std::int64_t{INT32_MAX}).value_or(std::int64_t{0});
    const auto error = of("error");
    if (const auto type = value_named<RedisType>(of("reply")); type || !error.empty()) {
      message.reply = {error.empty() ? *type : RedisType::kError, error};
    }
    message.command = std::make_shared<const RedisCommand>(std::move(command));
    return {.protocol = this, .view = std::make_shared<const RedisMessage>(std::move(message))};
  }

 private:
  static const RedisMessage& view(const Message& message) {
    return *view_as<RedisMessage>(&message);
  }
};

}  // namespace

const MessageProtocol& RedisMessage::protocol() {
  static const RedisProtocol protocol;
  return protocol;
}

std::size_t RedisMessage::memory() const {
  return sizeof *this + (command ? command->memory() : 0) + (reply ? reply->text.size() : 0) +
         (channel ? channel->size() : 0);
}

const RedisMessage* redis_request_of(const Chunk& chunk) {
  const auto* view = view_as<RedisMessage>(chunk.message());
  const bool asks = view != nullptr && !view->reply && view->command && view->command->ordinal > 0;
  return asks ? view : nullptr;
}

Chunk redis_error(const RedisMessage& asked, std::string text) {
  RedisMessage error;
  error.command = asked.command;
  error.database = asked.database;
  error.reply = {RedisType::kError, std::move(text)};
  return message_chunk(RedisMessage::protocol(),
                       std::make_shared<const RedisMessage>(std::move(error)));
}

}  // namespace brownout::rules
