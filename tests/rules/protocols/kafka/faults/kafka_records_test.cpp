#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/kafka/kafka_wire.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::KafkaBatchState;
using rules::KafkaCompression;
using testing::HasSubstr;

// A rule with the fault; `keys` follow its type.
std::string kafka_records_rule(const std::string& keys, const std::string& match = "") {
  return "[[rule]]\n" + (match.empty() ? "" : "match = { " + match + " }\n") +
         "fault = { type = \"kafka_records\", " + keys + " }\n";
}

std::string three_records(const KafkaBatchOptions& options = {}) {
  return kafka_batch({{.key = "a", .value = "1"},
                      {.key = "b", .value = "2", .headers = {{"tenant", "blue"}}},
                      {.key = "c", .value = "3"}},
                     options);
}

// Keys and values of the records in a Produce request of kafka_produce(), or what is wrong.
std::string kafka_pairs(const std::string& field) {
  std::string text;
  for (const auto& batch : read_records(field).batches) {
    if (batch.state != KafkaBatchState::kRead) return "unreadable: " + batch.problem;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const auto& record = batch.records[i];
      text += std::to_string(rules::offset_of(batch, record)) + std::string(*record.key) + "=" +
              std::string(record.value.value_or("null")) + " ";
    }
  }
  return text;
}
std::string produced_field(const std::string& request) {
  return request.size() < kafka_produce(1, "orders", "").size()
             ? ""
             : request.substr(kafka_produce(1, "orders", "").size());
}
std::string fetched_field(const std::string& response) {
  return response.substr(kafka_fetched(1, 9, "").size());
}

// The response to a request that the broker never sees: no error, and an unknown offset.
std::string kafka_unseen(int correlation) {
  return kafka_reply(correlation, kafka_int(1) + kafka_text("orders") + kafka_int(1) +
                                      kafka_int(3) + kafka_int(0, 2) + kafka_int(-1, 8) +
                                      kafka_int(-1, 8) + kafka_int(-1, 8) + kafka_int(0));
}

// The records that the broker, or the consumer, gets of three.
std::string sent_through(const std::string& rules, const KafkaBatchOptions& options = {}) {
  MessageLab lab("kafka", rules);
  lab.from_client(kafka_produce(1, "orders", three_records(options)));
  return kafka_pairs(produced_field(lab.at_server()));
}
std::string fetched_through(const std::string& rules) {
  MessageLab lab("kafka", rules);
  lab.from_client(kafka_fetch(1));
  lab.from_server(kafka_fetched(1, 9, three_records()));
  return kafka_pairs(fetched_field(lab.at_client()));
}

TEST(KafkaRecordsFault, CorruptsTheCrcOfABatch) {
  const auto rule = kafka_records_rule("how = \"corrupt\"");
  EXPECT_EQ(sent_through(rule), "unreadable: wrong CRC");
  EXPECT_EQ(fetched_through(rule), "unreadable: wrong CRC");
  EXPECT_EQ(sent_through(kafka_records_rule("how = \"corrupt\", key = \"z\"")), "0a=1 1b=2 2c=3 ");
}

TEST(KafkaRecordsFault, DropsRecords) {
  const auto rule = kafka_records_rule("how = \"drop\", key = [\"b\", \"x*\"]");
  EXPECT_EQ(sent_through(rule), "0a=1 1c=3 ");
  EXPECT_EQ(fetched_through(rule), "0a=1 2c=3 ");
}

TEST(KafkaRecordsFault, DropsAllRecordsOfAFetchedBatch) {
  EXPECT_EQ(fetched_through(kafka_records_rule("how = \"drop\"")), "");
}

// A consumer of message sets goes on behind the last record that it sees.
TEST(KafkaRecordsFault, TheLastRecordOfAnOldMessageSetStays) {
  for (const auto* name : {"java-v1-none", "java-v1-gzip", "librdkafka-v0-none"}) {
    MessageLab lab("kafka", kafka_records_rule("how = \"drop\""));
    lab.from_client(kafka_fetch(1));
    lab.from_server(kafka_fetched(1, 9, recorded_batch(name)));
    EXPECT_EQ(kafka_pairs(fetched_field(lab.at_client())), "2k3=null ") << name;
  }
}

TEST(KafkaRecordsFault, AnswersInPlaceOfTheBrokerIfNoRecordIsLeft) {
  MessageLab lab("kafka", kafka_records_rule("how = \"drop\""));
  lab.from_client(kafka_produce(1, "orders", three_records()));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), kafka_unseen(1));
  lab.from_client(kafka_produce(2, "orders", three_records(), 0));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "");
}

TEST(KafkaRecordsFault, AnswersForThePartitionsWithoutRecords) {
  const auto part = [](int number, const std::string& records) {
    return kafka_int(number) + kafka_bytes(records);
  };
  const auto request = [&](const std::string& parts, int count) {
    return kafka_request(0, 7, 5,
                         kafka_int(-1, 2) + kafka_int(-1, 2) + kafka_int(30'000) + kafka_int(1) +
                             kafka_text("orders") + kafka_int(count) + parts);
  };
  const auto response = [](int number, std::int64_t offset) {
    return kafka_int(number) + kafka_int(0, 2) + kafka_int(offset, 8) + kafka_int(-1, 8) +
           kafka_int(offset < 0 ? -1 : 0, 8);
  };
  MessageLab lab("kafka", kafka_records_rule("how = \"drop\", partition = 4"));
  const auto kept = part(3, three_records());
  lab.from_client(request(kept + part(4, three_records()), 2));
  EXPECT_EQ(lab.at_server(), request(kept, 1));
  lab.from_server(kafka_produced(5, "orders", 70));
  EXPECT_EQ(lab.at_client(), kafka_reply(5, kafka_int(1) + kafka_text("orders") + kafka_int(2) +
                                                response(3, 70) + response(4, -1) + kafka_int(0)));
}

TEST(KafkaRecordsFault, DuplicatesRecords) {
  const auto rule = kafka_records_rule("how = \"duplicate\", copies = 2, key = \"b\"");
  EXPECT_EQ(sent_through(rule), "0a=1 1b=2 2b=2 3b=2 4c=3 ");
  EXPECT_EQ(fetched_through(rule), "0a=1 1b=2 1b=2 1b=2 2c=3 ");
}

TEST(KafkaRecordsFault, PoisonsValuesWithEachCompression) {
  for (const auto compression :
       {KafkaCompression::kNone, KafkaCompression::kGzip, KafkaCompression::kSnappy,
        KafkaCompression::kLz4, KafkaCompression::kZstd}) {
    EXPECT_EQ(sent_through(kafka_records_rule("how = \"poison\", value = \"<bad\", "
                                              "header = { tenant = \"bl*\" }"),
                           {.compression = compression}),
              "0a=1 1b=<bad 2c=3 ");
  }
  EXPECT_EQ(fetched_through(kafka_records_rule("how = \"poison\", base64 = \"eHk=\", key = \"a\"")),
            "0a=xy 1b=2 2c=3 ");
  EXPECT_EQ(sent_through(kafka_records_rule("how = \"poison\"")), "0a=null 1b=null 2c=null ");
}

TEST(KafkaRecordsFault, ChangesTheSchemaId) {
  const std::string value("\0\0\0\0\1{}", 7);
  MessageLab lab("kafka", kafka_records_rule("how = \"schema_id\", id = 513"));
  const auto plain = kafka_batch({{.key = "a", .value = "{}"}});
  lab.from_client(kafka_produce(1, "orders", plain));
  EXPECT_EQ(produced_field(lab.at_server()), plain);
  EXPECT_EQ(lab.injected, 0);
  lab.from_client(kafka_produce(2, "orders", kafka_batch({{.key = "a", .value = value}})));
  EXPECT_EQ(kafka_pairs(produced_field(lab.at_server())), std::string("0a=\0\0\0\2\1{} ", 11));
  EXPECT_EQ(lab.injected, 1);
}

TEST(KafkaRecordsFault, MovesTimestamps) {
  for (const auto& [shift, expected] :
       {std::pair<std::string, std::int64_t>{"-1h", -3'600'000}, {"2s", 2000}}) {
    MessageLab lab("kafka", kafka_records_rule("how = \"timestamp\", shift = \"" + shift + "\""));
    lab.from_client(kafka_produce(1, "orders", three_records()));
    const auto records = read_records(produced_field(lab.at_server()));
    ASSERT_EQ(records.batches.size(), 1U);
    EXPECT_EQ(rules::timestamp_of(records.batches[0], records.batches[0].records[1]),
              1'700'000'000'000 + expected);
  }
}

TEST(KafkaRecordsFault, ActsInOneDirectionAndOnItsPartsOnly) {
  const auto untouched = "0a=1 1b=2 2c=3 ";
  for (const auto* keys :
       {"how = \"poison\", topic = \"other\"", "how = \"drop\", partition = 2",
        "how = \"drop\", share = \"0%\"", "how = \"drop\", header = { tenant = \"red\" }"}) {
    EXPECT_EQ(sent_through(kafka_records_rule(keys)), untouched) << keys;
  }
  const auto up = kafka_records_rule("how = \"drop\", key = \"a\"", "direction = \"upstream\"");
  EXPECT_EQ(sent_through(up), "0b=2 1c=3 ");
  EXPECT_EQ(fetched_through(up), untouched);
}

TEST(KafkaRecordsFault, DrawsForEachRecord) {
  MessageLab lab("kafka", kafka_records_rule("how = \"drop\", share = \"30%\""));
  std::size_t kept = 0;
  for (int i = 1; i <= 300; ++i) {
    lab.from_client(kafka_produce(i, "orders", three_records()));
    for (const auto& batch : read_records(produced_field(lab.at_server())).batches) {
      kept += batch.records.size();
    }
  }
  EXPECT_GT(kept, 570U);
  EXPECT_LT(kept, 690U);
}

TEST(KafkaRecordsFault, LeavesUnreadableBatchesAndOtherRequestsAlone) {
  MessageLab lab("kafka", kafka_records_rule("how = \"poison\""));
  const auto bytes = kafka_produce(1, "orders", "no batch") + kafka_heartbeat(2, "billing");
  lab.from_client(bytes);
  EXPECT_EQ(lab.at_server(), bytes);
}

std::int32_t sequence_in(const std::string& request) {
  const auto records = read_records(produced_field(request));
  return records.batches.empty() ? -1 : records.batches[0].base_sequence;
}

TEST(KafkaRecordsFault, RenumbersTheBatchesOfAnIdempotentProducer) {
  const auto batch = [](std::int32_t sequence) {
    return three_records({.producer_id = 9, .base_sequence = sequence});
  };
  MessageLab lab("kafka", kafka_records_rule("how = \"drop\", key = \"b\"", "first = 2"));
  lab.from_client(kafka_produce(1, "orders", batch(0)));
  const auto first = lab.at_server();
  EXPECT_EQ(kafka_pairs(produced_field(first)), "0a=1 1c=3 ");
  EXPECT_EQ(sequence_in(first), 0);
  lab.from_client(kafka_produce(2, "orders", batch(3)));
  EXPECT_EQ(sequence_in(lab.at_server()), 2);
  // The rule selects no further requests, but the numbers continue.
  lab.from_client(kafka_produce(3, "orders", batch(6)));
  const auto third = lab.at_server();
  EXPECT_EQ(kafka_pairs(produced_field(third)), "0a=1 1b=2 2c=3 ");
  EXPECT_EQ(sequence_in(third), 4);
  // A batch that is sent again is the same again.
  lab.from_client(kafka_produce(1, "orders", batch(0)));
  EXPECT_EQ(produced_field(lab.at_server()), produced_field(first));
}

TEST(KafkaRecordsFault, ChecksItsKeys) {
  const auto problem = [](const std::string& keys) {
    return first_problem_of(kafka_records_rule(keys), "kafka");
  };
  EXPECT_THAT(problem("key = \"a\""), HasSubstr("needs \"how\""));
  EXPECT_THAT(problem("how = \"drop\", copies = 2"),
              HasSubstr("copies has no effect with how = \"drop\""));
  EXPECT_THAT(problem("how = \"schema_id\""), HasSubstr("how = \"schema_id\" needs id"));
  EXPECT_THAT(problem("how = \"timestamp\", shift = \"-0ms\""), HasSubstr("moves no timestamp"));
  EXPECT_THAT(problem("how = \"timestamp\", shift = \"--1h\""), HasSubstr("\"-1h\" is negative"));
  EXPECT_THAT(problem("how = \"poison\", base64 = \"?\""), HasSubstr("is not Base64"));
  EXPECT_THAT(problem("how = \"poison\", value = \"a\", base64 = \"eHk=\""),
              HasSubstr("value and base64 exclude each other"));
}

}  // namespace
}  // namespace brownout::test
