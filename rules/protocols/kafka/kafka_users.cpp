#include "rules/protocols/kafka/kafka_users.h"

#include <memory>
#include <utility>

#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_topic.h"

namespace brownout::rules {
namespace {

// Reads the name of a topic, which must be no pattern.
std::shared_ptr<const ProtocolOption> read_kafka_topic(const Node& node, Diagnostics& problems) {
  auto topic = detail::read_value<std::string>("topic", node, {}, problems);
  if (!topic) return nullptr;
  const bool pattern = topic->find_first_of("*?") != std::string::npos;
  if (pattern || !why_no_kafka_topic(*topic).empty()) {
    problems.add(node.where, in_quotes(*topic) + " is not the name of a topic",
                 std::string(kKafkaTopicHint));
    return nullptr;
  }
  return std::make_shared<const OptionValue<std::string>>(std::move(*topic));
}

}  // namespace

KafkaUserSettings KafkaUserSettings::of(const ProtocolOptions& options) {
  KafkaUserSettings is;
  const auto set = [&](auto& value, std::string_view key) {
    using Value = std::remove_reference_t<decltype(value)>;
    const auto* given = options.of<Value>(KafkaMessage::protocol(), key);
    if (given != nullptr) value = *given;
    return given != nullptr;
  };
  set(is.topic, "topic");
  set(is.group, "group");
  set(is.acks, "acks");
  set(is.transactional, "transactional");
  if (!set(is.idempotent, "idempotent")) is.idempotent = is.acks == KafkaAcks::kAll;
  set(is.consume, "consume");
  set(is.isolation, "isolation");
  set(is.delivery_timeout, "delivery_timeout");
  set(is.session_timeout, "session_timeout");
  set(is.sasl, "sasl");
  return is;
}

std::vector<OptionKey> kafka_user_keys() {
  const KafkaUserSettings usual;
  const auto print = [](const auto& value) {
    return ValueKind<std::remove_cvref_t<decltype(value)>>::print(value);
  };
  // Brokers limit a transaction to transaction.max.timeout.ms, 15 minutes by default.
  constexpr LimitsOf<Duration> kTimes{.least = std::chrono::milliseconds(10),
                                      .most = std::chrono::minutes(15)};
  return {
      {{"topic", ValueKind<std::string>::name(), "", print(usual.topic),
        "topic of all users; each has a record key of its own"},
       read_kafka_topic},
      option_key<std::string>(
          "group", "beginning of each user's own consumer group, client id and transactional id",
          print(usual.group)),
      option_key<KafkaAcks>("acks", "acks of the producer", print(usual.acks)),
      option_key<bool>("idempotent",
                       "whether the producer numbers its records, so that the broker drops copies; "
                       "false by default with acks = \"0\" or \"1\"",
                       print(usual.idempotent)),
      option_key<bool>("transactional",
                       "whether the messages of an operation are a transaction; those of an "
                       "aborted one are sent again in the next",
                       print(usual.transactional)),
      option_key<bool>("consume",
                       "whether a consumer reads the messages; false: a message has arrived when "
                       "it is acknowledged",
                       print(usual.consume)),
      option_key<KafkaIsolation>("isolation",
                                 "read_uncommitted: consumers also read messages of transactions "
                                 "that are open or aborted",
                                 print(usual.isolation)),
      option_key<Duration>("delivery_timeout",
                           "how long the producer tries to deliver a message, in real time",
                           print(usual.delivery_timeout), kTimes),
      option_key<Duration>("session_timeout",
                           "time after which the group gives up a silent consumer, in real time; "
                           "the pause between two heartbeats is a third of it, at most 3 s",
                           print(usual.session_timeout), kTimes),
      option_key<KafkaSasl>("sasl", "how user_name and password_file are sent", print(usual.sasl))};
}

}  // namespace brownout::rules
