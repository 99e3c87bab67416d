#include "rules/protocols/kafka/kafka_record_keys.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {
namespace {

class KafkaRecordCondition final : public MessagePredicate {
 public:
  explicit KafkaRecordCondition(KafkaRecordFilter filter) : filter_(std::move(filter)) {}

  bool matches(const Message& message, std::span<const std::byte> payload) const override {
    const auto* view = view_as<KafkaMessage>(&message);
    return view != nullptr && any_kafka_record(*view, payload, [&](const KafkaRecord& record) {
             return filter_.has(record);
           });
  }

 private:
  KafkaRecordFilter filter_;
};

bool has_kafka_header(const KafkaRecord& record, const HeaderPattern& wanted) {
  return std::any_of(record.headers.begin(), record.headers.end(), [&](const KafkaHeader& header) {
    return header.key == wanted.name && header.value && wanted.value.matches(*header.value);
  });
}

std::shared_ptr<const MessagePredicate> read_kafka_key(const Node& node, Diagnostics& problems) {
  auto keys = detail::read_value<std::vector<TextPattern>>("key", node, {}, problems);
  if (!keys) return nullptr;
  return std::make_shared<const KafkaRecordCondition>(KafkaRecordFilter{.keys = std::move(*keys)});
}

std::shared_ptr<const MessagePredicate> read_kafka_header(const Node& node, Diagnostics& problems) {
  const auto before = problems.size();
  auto headers = read_header_patterns("header", R"(tenant = "blue*")", node, problems);
  if (problems.size() != before) return nullptr;
  return std::make_shared<const KafkaRecordCondition>(
      KafkaRecordFilter{.headers = std::move(headers)});
}

}  // namespace

bool KafkaRecordFilter::has(const KafkaRecord& record) const {
  if (!keys.empty() && !(record.key && any_matches(keys, *record.key))) return false;
  return std::all_of(headers.begin(), headers.end(),
                     [&](const HeaderPattern& wanted) { return has_kafka_header(record, wanted); });
}

std::vector<MessageKey> kafka_record_keys() {
  return {{.info = {"key", ValueKind<std::vector<TextPattern>>::name(), "",
                    ValueKind<std::vector<TextPattern>>::print({}),
                    "only Produce requests and Fetch responses that have a record with a matching "
                    "key; patterns as for path"},
           .read = read_kafka_key,
           .behind_head = true},
          {.info = {"header", "table of patterns", "", "none",
                    "only Produce requests and Fetch responses that have a record with all of "
                    "these headers: { tenant = \"blue*\" }"},
           .read = read_kafka_header,
           .behind_head = true}};
}

bool kafka_text_matches(const KafkaMessage& message, std::span<const std::byte> body,
                        const std::vector<TextPattern>& wanted) {
  if (any_matches(wanted, text_of(body))) return true;
  return any_kafka_record(message, body, [&](const KafkaRecord& record) {
    return record.value && any_matches(wanted, *record.value);
  });
}

std::shared_ptr<const KafkaBodyRecords> kafka_record_of(std::string key, std::string value,
                                                        std::string headers) {
  KafkaBatch batch;
  const auto keep = [&](std::string text) -> std::string_view {
    return *batch.owners.emplace_back(std::make_shared<const std::string>(std::move(text)));
  };
  KafkaRecord record{.key = keep(std::move(key)), .value = keep(std::move(value))};
  for (auto lines = keep(std::move(headers)); !lines.empty();) {
    const auto line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(std::min(line.size() + 2, lines.size()));
    const auto colon = std::min(line.find(':'), line.size());
    auto text = line.substr(std::min(colon + 1, line.size()));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    record.headers.push_back({line.substr(0, colon), text});
  }
  batch.records.push_back(std::move(record));
  auto all = std::make_shared<KafkaBodyRecords>();
  all->parts.emplace_back().records.batches.push_back(std::move(batch));
  return all;
}

}  // namespace brownout::rules
