#include "rules/protocols/postgres/postgres_message.h"

#include <algorithm>
#include <utility>

#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kRefusedStatement = "57014";
constexpr std::string_view kRefusedSession = "57P03";

template <class T>
MessageKey postgres_key(std::string name, std::string meaning,
                        bool (*matches)(const PostgresMessage&, const T&)) {
  return message_key<PostgresMessage, T>(std::move(name), std::move(meaning), matches);
}

class PostgresProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "postgres"; }
  std::string_view title() const override { return "PostgreSQL"; }
  // The client asks for TLS with an SSLRequest.
  bool has_starttls() const override { return true; }
  bool has_requests() const override { return true; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    return {postgres_key<std::vector<PostgresType>>("message", "only messages of these types",
                                                    [](const auto& message, const auto& types) {
                                                      return std::find(types.begin(), types.end(),
                                                                       message.type) != types.end();
                                                    }),
            postgres_key<std::vector<TextPattern>>(
                "statement",
                "only queries, and steps of prepared statements, with such SQL; patterns as for "
                "path: \"~(?i)^update accounts\"",
                [](const auto& message, const auto& wanted) {
                  return message.statement && any_matches(wanted, *message.statement);
                }),
            postgres_key<std::vector<SqlstatePattern>>(
                "sqlstate",
                "only errors and notices with these codes: \"40P01\", or \"40\" for a class",
                [](const auto& message, const auto& wanted) {
                  return message.error &&
                         std::any_of(wanted.begin(), wanted.end(), [&](const auto& code) {
                           return message.error->sqlstate.starts_with(code.text);
                         });
                })};
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = view(message);
    tell("message", name_of(is.type));
    if (is.statement) tell("statement", *is.statement);
    if (is.error) tell("sqlstate", is.error->sqlstate);
  }

  std::string_view about_text() const override {
    return "only queries and prepared statements whose SQL matches, errors whose text matches, "
           "CommandComplete whose tag matches (\"COMMIT\"), and the ReadyForQuery behind it";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    const auto& is = view(message);
    if (is.has_payload()) return text_of(payload);
    if (is.error) return is.error->text;
    if (!is.tag.empty()) return is.tag;
    return std::nullopt;
  }
  bool has_acknowledgements() const override { return true; }
  // Whether the message says that a statement is done. The client of a COMMIT waits for both.
  bool acknowledges(const Message& message) const override { return !view(message).tag.empty(); }
  bool ends_conversation(const Message& message) const override {
    return view(message).type == PostgresType::kTerminate;
  }
  std::optional<std::string> words(const Chunk& chunk) const override {
    if (!view(*chunk.message()).has_payload()) return std::nullopt;
    return std::string(text_of(chunk.bytes()));
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    const auto& is = view(*chunk.message());
    // A NUL byte ends the SQL of a message.
    const bool cut = is.type != PostgresType::kCopyData && text.find('\0') != text.npos;
    if (!is.has_payload() || cut) return std::nullopt;
    auto other = Chunk::of(std::as_bytes(std::span(text.data(), text.size())),
                           std::make_shared<const Message>(*chunk.message()));
    other.mutable_bytes();
    return other;
  }

  // A refused statement fails at the server, so that its transaction fails, too.
  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto& is = view(*asked.message());
    const bool session = is.type == PostgresType::kStartup;
    const bool runs = is.type == PostgresType::kQuery || is.type == PostgresType::kExecute ||
                      is.type == PostgresType::kFunctionCall;
    if ((!session && !runs) || is.refusal) return std::nullopt;
    const auto* given = how.options.of<Sqlstate>(*this, "sqlstate");
    auto error = postgres_refusal(given != nullptr ? std::string_view(given->text)
                                  : session        ? kRefusedSession
                                                   : kRefusedStatement,
                                  how.text);
    PostgresMessage refused;
    if (session || ends_postgres_session(error.sqlstate)) {
      error.severity = "FATAL";
      refused.type = PostgresType::kErrorResponse;
      refused.error = std::move(error);
      return Refusal{.message = made(std::move(refused)), .ends = true};
    }
    refused.type = is.type;
    refused.statement = is.statement;
    refused.refusal = std::make_shared<const PostgresError>(std::move(error));
    return Refusal{.message = made(std::move(refused)), .by_server = true};
  }
  std::string_view about_refusal() const override { return "the error's message"; }
  std::vector<OptionKey> refusal_keys() const override {
    return {option_key<Sqlstate>(
        "sqlstate",
        "the error's code, e.g. \"40P01\" (deadlock) or \"57P01\" (the server shuts down, and the "
        "connection ends)",
        in_quotes(kRefusedStatement) + ", for connections " + in_quotes(kRefusedSession))};
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{"message", "type of the message (query)", names_of<PostgresType>()},
            {"statement", "its SQL", {}, true},
            {"sqlstate", "code of its error"}};
  }
  Message message_from_options(const OptionValue& of) const override {
    PostgresMessage message;
    message.type = value_named<PostgresType>(of("message")).value_or(PostgresType::kQuery);
    if (auto sql = of("statement"); !sql.empty()) {
      message.statement = std::make_shared<const std::string>(std::move(sql));
    }
    if (const auto code = of("sqlstate"); !code.empty()) {
      message.type = PostgresType::kErrorResponse;
      message.error = PostgresError{.sqlstate = code};
    }
    return {.protocol = this, .view = std::make_shared<const PostgresMessage>(std::move(message))};
  }

 private:
  static const PostgresMessage& view(const Message& message) {
    return *view_as<PostgresMessage>(&message);
  }
  Chunk made(PostgresMessage message) const {
    return message_chunk(*this, std::make_shared<const PostgresMessage>(std::move(message)));
  }
};

}  // namespace

const MessageProtocol& PostgresMessage::protocol() {
  static const PostgresProtocol protocol;
  return protocol;
}

std::size_t PostgresMessage::memory() const {
  return sizeof *this + (statement ? statement->size() : 0) + (error ? error->text.size() : 0) +
         tag.size();
}

}  // namespace brownout::rules
