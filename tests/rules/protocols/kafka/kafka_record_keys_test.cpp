// Tests that rules select messages by their records, with what real clients sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/ask.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string dropping(const std::string& match) {
  return "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }\n";
}

// Whether a rule with these keys of `match` selects a Produce request with this records field.
bool selects_sent(const std::string& match, const std::string& field, std::size_t piece = 1 << 20) {
  MessageLab lab("kafka", dropping(match), "", piece);
  lab.from_client(kafka_produce(1, "orders", field));
  return lab.at_server().empty();
}
bool selects_fetched(const std::string& match, const std::string& field) {
  MessageLab lab("kafka", dropping("direction = \"downstream\", " + match));
  lab.from_client(kafka_fetch(1));
  lab.from_server(kafka_fetched(1, 9, field));
  return lab.at_client().empty();
}

TEST(KafkaRecordKeys, SelectWhatClientsWrite) {
  for (const auto& [name, field] : recorded_batches()) {
    if (name.ends_with("-commit")) continue;
    const bool headers = name.find("-v2-") != std::string::npos;
    for (const auto& selects :
         {selects_fetched, +[](const std::string&match, const std::string&sent) {
            return selects_sent(match, sent);
          }}) {
      EXPECT_TRUE(selects("key = \"k1\"", field)) << name;
      EXPECT_TRUE(selects("key = [\"x\", \"~^k[3-9]$\"]", field)) << name;
      EXPECT_FALSE(selects("key = \"k2\"", field)) << name;
      EXPECT_EQ(selects("header = { h = \"x*\" }", field), headers) << name;
      EXPECT_FALSE(selects("header = { h = \"y\" }", field)) << name;
      EXPECT_FALSE(selects("header = { H = \"x\" }", field)) << name;
      EXPECT_TRUE(selects("text = \"second the quick*\"", field)) << name;
      EXPECT_FALSE(selects("text = \"*slow*\"", field)) << name;
      EXPECT_TRUE(selects("key = \"k1\", topic = \"orders\", text = \"*fox*\"", field)) << name;
      EXPECT_FALSE(selects("key = \"k1\", topic = \"other\"", field)) << name;
      EXPECT_FALSE(selects("not = { key = \"k1\" }", field)) << name;
      EXPECT_TRUE(selects("not = { key = \"k2\" }", field)) << name;
    }
  }
}

TEST(KafkaRecordKeys, SelectMessagesThatArriveInPieces) {
  const auto field = recorded_batch("java-v2-zstd");
  for (const std::size_t piece : {1U, 7U, 100U}) {
    EXPECT_TRUE(selects_sent("key = \"k1\"", field, piece)) << piece;
    EXPECT_FALSE(selects_sent("key = \"k2\"", field, piece)) << piece;
  }
}

TEST(KafkaRecordKeys, ABatchThatCannotBeReadIsNotSelected) {
  auto field = recorded_batch("java-v2-none");
  EXPECT_TRUE(selects_sent("key = \"*\"", field));
  field.back() = static_cast<char>(field.back() ^ 1);  // the CRC is wrong now
  EXPECT_FALSE(selects_sent("key = \"*\"", field));
  EXPECT_FALSE(selects_sent("key = \"*\"", "no batch"));
  EXPECT_FALSE(selects_sent("key = \"*\"", ""));
  EXPECT_FALSE(selects_fetched("header = { h = \"*\" }", field));
}

TEST(KafkaRecordKeys, OnlyProduceRequestsAndFetchResponsesHaveRecords) {
  MessageLab lab("kafka", dropping("key = \"*\""));
  const auto asked = kafka_heartbeat(1, "billing") + kafka_fetch(2);
  lab.from_client(asked);
  EXPECT_EQ(lab.at_server(), asked);
  EXPECT_FALSE(selects_sent("key = \"*\"", recorded_batch("java-v2-commit"))) << "control records";
}

TEST(KafkaRecordKeys, AnEarlierRuleMayChangeTheRecords) {
  const auto poison = std::string(
      "[[rule]]\nfault = { type = \"kafka_records\", how = \"poison\", value = \"new\" }\n");
  const auto produce = kafka_produce(1, "orders", recorded_batch("java-v2-gzip"));
  MessageLab before("kafka", dropping("text = \"first*\"") + poison);
  before.from_client(produce);
  EXPECT_EQ(before.at_server(), "");
  MessageLab behind("kafka", dropping("key = \"k2\"") + poison + dropping("text = \"first*\""));
  behind.from_client(produce);
  EXPECT_NE(behind.at_server(), "");
  MessageLab sees_new("kafka", dropping("key = \"k2\"") + poison + dropping("text = \"new\""));
  sees_new.from_client(produce);
  EXPECT_EQ(sees_new.at_server(), "");
}

TEST(KafkaRecordKeys, ReplaceSetsTheValuesOfAllRecords) {
  MessageLab lab("kafka", "[[rule]]\nfault = { type = \"replace\", text = \"<b>\" }\n");
  for (const auto* name : {"java-v2-lz4", "librdkafka-v2-zstd", "java-v1-gzip"}) {
    lab.from_client(kafka_produce(1, "orders", recorded_batch(name)));
    const auto sent = lab.at_server().substr(kafka_produce(1, "orders", "").size());
    const auto records = read_records(sent);
    ASSERT_EQ(records.batches.size(), 1U) << name;
    EXPECT_EQ(records.batches[0].problem, "") << name;
    const auto& all = records.batches[0].records;
    ASSERT_EQ(all.size(), 3U) << name;
    EXPECT_EQ(all[0].value, "<b>") << name;
    EXPECT_EQ(all[1].value, "<b>") << name;
    EXPECT_EQ(all[2].value, std::nullopt) << name;
    EXPECT_EQ(rules::compression_of(records.batches[0]),
              rules::compression_of(read_records(recorded_batch(name)).batches[0]));
  }
  const auto beat = kafka_heartbeat(2, "billing") + kafka_produce(3, "orders", "no batch");
  lab.from_client(beat);
  EXPECT_EQ(lab.at_server(), beat);
}

// Why a rule with these keys of `match` acts ("* ") or not ("- ").
std::string explained_record(const std::string& match,
                             const std::map<std::string, std::string>& message,
                             const std::vector<std::string>& headers = {},
                             const std::string& text = {}) {
  rules::Asked asked;
  asked.listener = "chat";
  asked.message = message;
  asked.headers = headers;
  asked.text = text;
  const auto config = config_of(dropping(match), "kafka");
  const auto posed = rules::pose(config, asked);
  if (!posed) return "! " + posed.error().what;
  const auto answer = rules::explain(config, (*posed)->question).front();
  return (answer.acts ? "* " : "- ") + answer.why;
}

TEST(KafkaRecordKeys, ExplainDescribesARecord) {
  const std::string acts = "* it acts on messages, in both directions";
  EXPECT_EQ(explained_record("key = \"k*\"", {{"key", "k1"}}), acts);
  EXPECT_EQ(explained_record("key = \"k*\"", {{"key", "x"}}),
            "- its `key` does not match the message");
  EXPECT_EQ(explained_record("key = \"k*\"", {{"key", "k1"}, {"api", "Fetch"}}), acts);
  EXPECT_EQ(explained_record("key = \"k*\"", {{"key", "k1"}, {"api", "Heartbeat"}}),
            "- its `key` does not match the message");
  EXPECT_EQ(
      explained_record("header = { tenant = \"blue\" }", {{"topic", "orders"}}, {"tenant: blue"}),
      acts);
  EXPECT_EQ(explained_record("header = { tenant = \"red\" }", {}, {"tenant: blue"}),
            "- its `header` does not match the message");
  EXPECT_EQ(explained_record("text = \"*fox\"", {}, {}, "a fox"), acts);
}

}  // namespace
}  // namespace brownout::test
