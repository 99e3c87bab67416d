// The messaging protocol Kafka: its keys of match, and what faults of any messages need.
#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/base/list_text.h"
#include "rules/protocols/kafka/kafka_match.h"
#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_record_keys.h"
#include "rules/protocols/kafka/kafka_refusal.h"
#include "rules/protocols/kafka/kafka_topic.h"
#include "rules/protocols/kafka/kafka_users.h"

namespace brownout::rules {
namespace {

using KafkaPatterns = std::vector<TextPattern>;

template <class T>
MessageKey kafka_key(std::string name, std::string meaning,
                     bool (*matches)(const KafkaMessage&, const T&), LimitsOf<T> limits = {},
                     SenderOf<T> sender = nullptr) {
  return message_key<KafkaMessage, T>(std::move(name), std::move(meaning), matches, limits, sender);
}

template <class T, class Value>
bool kafka_has(const std::vector<T>& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool any_kafka_name_matches(const KafkaPatterns& wanted, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return any_matches(wanted, name); });
}

std::vector<MessageKey> kafka_keys_of_parts() {
  return {
      kafka_key<std::vector<KafkaTopicPattern>>(
          "topic", "only requests with a matching topic, and their responses; patterns as for path",
          [](const auto& message, const auto& wanted) {
            const auto& parts = message.all_parts();
            return std::any_of(parts.begin(), parts.end(), [&](const KafkaPart& part) {
              return any_matches(wanted, part.topic);
            });
          }),
      kafka_key<std::vector<std::int64_t>>(
          "partition",
          "only requests with one of these partitions, of any topic, and their responses",
          [](const auto& message, const auto& wanted) {
            const auto& parts = message.all_parts();
            return std::any_of(parts.begin(), parts.end(), [&](const KafkaPart& part) {
              return kafka_has(wanted, part.partition);
            });
          },
          {.least = 0, .most = INT32_MAX})};
}

std::vector<MessageKey> kafka_keys_of_clients() {
  return {
      kafka_key<KafkaPatterns>("group",
                               "only requests of matching consumer groups that name the group, and "
                               "their responses; patterns as for path",
                               [](const auto& message, const auto& wanted) {
                                 return any_kafka_name_matches(wanted, message.all_groups());
                               }),
      kafka_key<KafkaPatterns>(
          "transactional_id",
          "only requests of matching transactional producers that name the id, and their "
          "responses; patterns as for path",
          [](const auto& message, const auto& wanted) {
            return any_kafka_name_matches(wanted, message.all_transactional_ids());
          }),
      kafka_key<KafkaPatterns>(
          "client_id",
          "only requests with a matching client.id, and their responses; patterns as for path",
          [](const auto& message, const auto& wanted) {
            return any_matches(wanted, message.client_id);
          })};
}

class KafkaProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "kafka"; }
  std::string_view title() const override { return "Kafka"; }

  bool names_servers() const override { return true; }
  bool names_brokers() const override { return true; }
  bool has_requests() const override { return true; }
  bool servers_ask() const override { return false; }

  std::vector<MessageKey> keys() const override {
    std::vector<MessageKey> keys{kafka_key<std::vector<KafkaApiName>>(
        "api", "only requests of these APIs, and their responses: \"Produce\", \"Fetch\"",
        [](const auto& message, const auto& wanted) {
          return std::any_of(wanted.begin(), wanted.end(), [&](const KafkaApiName& name) {
            return name.api->key == message.key;
          });
        })};
    for (auto& key : kafka_keys_of_parts()) keys.push_back(std::move(key));
    for (auto& key : kafka_keys_of_clients()) keys.push_back(std::move(key));
    keys.push_back(kafka_key<std::vector<KafkaAcks>>(
        "acks", "only Produce requests with one of these values of acks, and their responses",
        [](const auto& message, const auto& wanted) {
          const auto& acks =
              message.response && message.request ? message.request->acks : message.acks;
          return acks && kafka_has(wanted, static_cast<KafkaAcks>(*acks));
        }));
    auto error = kafka_key<std::vector<KafkaErrorName>>(
        "error", "only responses that have one of these errors in any place",
        [](const auto& message, const auto& wanted) {
          return std::any_of(wanted.begin(), wanted.end(), [&](const KafkaErrorName& name) {
            return kafka_has(message.errors, name.error->code);
          });
        },
        {}, [](const auto&) { return std::optional(Sender::kServer); });
    error.behind_head = true;
    keys.push_back(std::move(error));
    for (auto& key : kafka_record_keys()) keys.push_back(std::move(key));
    return keys;
  }
  std::optional<Contradiction> contradiction(const Node& match) const override {
    return kafka_contradiction(match);
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& is = view(message);
    tell("api", is.api_name());
    if (const auto& parts = is.all_parts(); !parts.empty()) {
      tell("topic", parts.front().topic);
      if (parts.front().partition >= 0) tell("partition", std::to_string(parts.front().partition));
    }
    if (!is.all_groups().empty()) tell("group", is.all_groups().front());
    if (const auto& ids = is.all_transactional_ids(); !ids.empty()) {
      tell("transactional_id", ids.front());
    }
    if (!is.client_id.empty()) tell("client_id", is.client_id);
    if (is.acks) tell("acks", name_of(static_cast<KafkaAcks>(*is.acks)));
    if (!is.errors.empty()) tell("error", kafka_error_text(is.errors.front()));
  }
  // For rules, the size is that of the whole message in bytes.
  std::string_view about_size() const override { return "that of the whole request or response"; }
  std::size_t size(const Message& message, std::span<const std::byte> payload) const override {
    constexpr std::size_t kLength = 4;
    return kLength + message.wire.size() + payload.size();
  }
  std::string_view about_text() const override {
    return "only requests and responses whose body matches as it is on the wire, or that have a "
           "record whose value matches, decompressed";
  }
  std::optional<std::string_view> text(const Message&,
                                       std::span<const std::byte> payload) const override {
    return text_of(payload);
  }
  bool has_text(const Message& message, std::span<const std::byte> payload,
                const std::vector<TextPattern>& wanted) const override {
    return kafka_text_matches(view(message), payload, wanted);
  }

  bool has_acknowledgements() const override { return true; }
  bool acknowledges(const Message& message) const override {
    return view(message).response && view(message).key == kKafkaProduceKey;
  }
  // The text is the value of each record.
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    return kafka_chunk_with_values(chunk, text);
  }

  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto* request = kafka_request_of(asked);
    const auto body = request != nullptr ? kafka_body_of(asked) : std::nullopt;
    if (!body) return std::nullopt;
    const auto* chosen = how.options.of<KafkaErrorName>(*this, "error");
    const auto& error = chosen != nullptr ? *chosen->error : *request->api()->refusal;
    const auto response = kafka_refusal(*request, *body, error);
    if (!response) return std::nullopt;
    return Refusal{kafka_response(shared_kafka_view(asked), *response)};
  }
  std::vector<OptionKey> refusal_keys() const override {
    return {option_key<KafkaErrorName>(
        "error", "the error, by name; left out, a temporary one that fits the API", "by the API")};
  }

  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override { return kafka_user_keys(); }

  std::vector<ExplainOption> explain_options() const override {
    return {{.name = "api", .meaning = "the API, such as Produce", .is_value = true},
            {.name = "topic", .meaning = "its topic", .is_value = true},
            {.name = "partition", .meaning = "number of the partition (0)", .is_value = true},
            {"group", "its consumer group"},
            {"transactional-id", "its transactional id"},
            {"client-id", "its client.id"},
            {.name = "acks",
             .meaning = "acks of a Produce request",
             .values = names_of<KafkaAcks>(),
             .is_value = true},
            {"key", "key of its record"},
            {.name = "error", .meaning = "error of a response", .is_value = true}};
  }
  Message message_from_options(const OptionValue& of) const override {
    auto request = std::make_shared<KafkaMessage>();
    const auto* api = kafka_api(of("api"));
    request->key = api != nullptr ? api->key : kKafkaProduceKey;
    request->decoded = true;
    request->client_id = of("client-id");
    KafkaPart part{.topic = of("topic"), .partition = 0};
    const auto number = of("partition");
    std::from_chars(number.data(), number.data() + number.size(), part.partition);
    if (!part.topic.empty() || !number.empty()) request->parts.push_back(part);
    if (const auto group = of("group"); !group.empty()) request->groups.push_back(group);
    if (const auto id = of("transactional-id"); !id.empty()) {
      request->transactional_ids.push_back(id);
    }
    if (const auto acks = value_named<KafkaAcks>(of("acks"))) {
      request->acks = static_cast<std::int16_t>(*acks);
    }
    const auto* error = kafka_error(of("error"));
    const bool fetched =
        has_record(of) && (request->key == kKafkaFetchKey || request->key == kKafkaShareFetchKey);
    if (error == nullptr && !fetched) return with_record(std::move(request), of);
    auto response = std::make_shared<KafkaMessage>(*request);
    response->response = true;
    if (error != nullptr) response->errors = {error->code};
    response->request = std::move(request);
    return with_record(std::move(response), of);
  }

 private:
  static const KafkaMessage& view(const Message& message) {
    return *view_as<KafkaMessage>(&message);
  }
  // Whether the options of `explain` describe a record.
  static bool has_record(const OptionValue& of) {
    return !of("key").empty() || !of("header").empty() || !of("text").empty();
  }
  Message with_record(std::shared_ptr<KafkaMessage> message, const OptionValue& of) const {
    message->set_records(kafka_record_of(of("key"), of("text"), of("header")));
    return {.protocol = this, .view = std::move(message)};
  }
};

}  // namespace

const MessageProtocol& KafkaMessage::protocol() {
  static const KafkaProtocol protocol;
  return protocol;
}

}  // namespace brownout::rules
