// Fuzzes the reading of Kafka's record batches and message sets, alone and on a connection whose
// rules act on records. The CRC of each batch is set right before, since no fuzzer guesses it. The
// first byte of the input selects a record to edit.
#include <algorithm>
#include <cstdint>
#include <string>

#include "rules/protocols/kafka/record_batch.h"
#include "rules/protocols/kafka/record_wire.h"
#include "tests/fuzz/both_ways.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"

using namespace brownout;

namespace {

constexpr rules::KafkaRecordLimits kLimits{.plain_bytes = 1 << 18, .records = 5000};

void repair_crcs(std::string& field) {
  constexpr std::size_t kBehindLength = 12;
  for (std::size_t at = 0; field.size() - at >= 26;) {
    const auto rest = std::string_view(field).substr(at);
    const auto length = rules::RecordReader(rest.substr(8)).number<std::int32_t>();
    if (length < 14 || rest.size() - kBehindLength < static_cast<std::size_t>(length)) return;
    const auto batch = rest.substr(0, kBehindLength + static_cast<std::size_t>(length));
    const bool v2 = batch[16] == 2;
    rules::RecordWriter crc;
    crc.number(v2 ? rules::record_crc32c(batch.substr(21)) : rules::record_crc32(batch.substr(16)));
    field.replace(at + (v2 ? 17 : 12), crc.size(), crc.text());
    at += batch.size();
  }
}

std::size_t unread(const rules::KafkaRecords& records) {
  return static_cast<std::size_t>(std::count_if(
      records.batches.begin(), records.batches.end(),
      [](const auto& batch) { return batch.state != rules::KafkaBatchState::kRead; }));
}

// Edits the record at `index` of a batch in every way that faults do.
void edit(rules::KafkaBatch& batch, std::size_t index) {
  if (batch.records.empty()) return;
  index %= batch.records.size();
  set_key(batch, index, "key");
  set_value(batch, index, std::string("\0\0\0\0\1value", 10));
  require(set_schema_id(batch, index, 7));
  require(rules::schema_id_of(batch.records[index].value) == 7);
  set_header(batch, index, "header", std::nullopt);
  shift_timestamp(batch, index, -5);
  shift_timestamps(batch, 1'000'000);
  shift_sequence(batch, -1);
  const auto selected = [&](std::size_t i, const rules::KafkaRecord&) { return i == index; };
  const auto count = batch.records.size();
  duplicate_records(batch, selected, 2, rules::KafkaNumbering::kConsecutive);
  require(batch.records.size() == count + 2);
  drop_records(batch, selected, rules::KafkaNumbering::kKept);
  require(batch.records.size() == count + 1);
}

// Sends the records to the broker twice, and then to the consumer.
void send_through_rules(const std::string& field, std::size_t piece) {
  static const auto idle = test::config_of(
      "[[rule]]\nmatch = { key = \"~$.\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { text = \"~$.\" }\nfault = { type = \"drop\" }",
      "kafka");
  static const auto acting = [] {
    std::string rules =
        "[[rule]]\nmatch = { not = { header = { a = \"*\" } } }\n"
        "fault = { type = \"delay\", delay = \"1ms\" }\n";
    for (const auto* keys :
         {"drop\", share = \"40%\"", "duplicate\", copies = 2", "schema_id\", id = 7",
          "timestamp\", shift = \"-1h\"", "poison\", share = \"50%\"", "corrupt\", key = \"a*\""}) {
      rules +=
          std::string("[[rule]]\nfault = { type = \"kafka_records\", how = \"") + keys + " }\n";
    }
    return test::config_of(rules + "[[rule]]\nfault = { type = \"replace\", text = \"new\" }",
                           "kafka");
  }();
  const auto produce = test::kafka_produce(1, "orders", field);
  const std::string_view change("\xff\xfe\xfd\xfc");
  if (field.find(change) != std::string::npos) return;
  const auto talk = produce + test::kafka_produce(2, "orders", field) + test::kafka_fetch(3) +
                    std::string(change) + test::kafka_produced(1, "orders", 0) +
                    test::kafka_produced(2, "orders", 9) + test::kafka_fetched(3, 9, field);
  test::both_ways(idle, talk, change, piece, true);
  test::both_ways(acting, talk, change, piece, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string field(reinterpret_cast<const char*>(data + 1), size - 1);
  repair_crcs(field);
  auto records = test::read_records(field, kLimits);
  require(test::write_records(records) == field);
  for (auto& batch : records.batches) batch.changed = true;
  const auto again = test::read_records(test::write_records(records));
  require(test::shown(again) == test::shown(records));
  require(unread(again) == unread(records));
  for (auto& batch : records.batches) edit(batch, data[0]);
  const auto edited = test::read_records(test::write_records(records));
  require(test::shown(edited) == test::shown(records));
  require(unread(edited) == unread(records));
  send_through_rules(field, 1U + data[0]);
  return 0;
}
