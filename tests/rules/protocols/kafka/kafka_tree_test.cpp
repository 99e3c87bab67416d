// Tests KafkaTree and the schema of all APIs: what is read and written again has the same bytes.
#include <gtest/gtest.h>

#include <random>

#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/kafka/kafka_refusal.h"
#include "tests/support/kafka_words.h"

namespace brownout::test {
namespace {

using rules::KafkaField;
using rules::KafkaTree;
using rules::KafkaType;
using rules::KafkaValue;

// Fills a body with random values: lists of up to two elements, some tagged fields, some nulls.
class KafkaFiller {
 public:
  KafkaFiller(KafkaTree& tree, std::uint64_t seed) : tree_(tree), random_(seed) {}

  void fill(KafkaValue& value) {
    for (auto& item : value.items) {
      if (!item.field->versions.has(tree_.version())) continue;
      if (item.field->tag) {
        item.absent = random_() % 2 == 0;
        if (item.absent) continue;
        item = tree_.blank_item(*item.field);
      }
      fill_value(item);
    }
  }

 private:
  void fill_value(KafkaValue& value) {
    const auto& field = *value.field;
    const bool nullable = field.nullable && field.nullable->has(tree_.version());
    value.null = nullable && random_() % 4 == 0;
    if (value.null) return;
    if (!field.list) return fill_item(value);
    value.items.clear();
    for (auto count = random_() % 3; count > 0; --count) {
      auto item = tree_.blank_item(field);
      fill_item(item);
      value.items.push_back(std::move(item));
    }
  }
  void fill_item(KafkaValue& value) {
    if (value.field->type == KafkaType::kStruct) {
      if (value.items.empty()) value = tree_.blank_item(*value.field);
      return fill(value);
    }
    if (value.field->is_text()) {
      const auto size = value.field->type == KafkaType::kUuid ? 16 : random_() % 300;
      value.text = tree_.keep(std::string(size, static_cast<char>('a' + random_() % 26)));
      return;
    }
    const bool small = value.field->type == KafkaType::kBool;
    value.number = static_cast<std::int64_t>(random_() % (small ? 2 : 100));
  }

  KafkaTree& tree_;
  std::mt19937_64 random_;
};

TEST(KafkaTree, ReadsWhatItWritesInEveryVersionOfEveryApi) {
  int bodies = 0;
  for (const auto& api : rules::kafka_apis()) {
    if (!api.versions) continue;
    for (auto version = api.versions->first; version <= api.versions->last; ++version) {
      for (const auto* schema : {&api.request, &api.response}) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
          auto tree = KafkaTree::blank(api, *schema, version);
          KafkaFiller(tree, seed).fill(tree.root());
          const auto bytes = tree.write();
          const auto read = KafkaTree::read(api, *schema, version, bytes);
          ASSERT_TRUE(read) << api.name << " " << version;
          ASSERT_EQ(read->write(), bytes) << api.name << " " << version;
          ++bodies;
        }
      }
    }
  }
  EXPECT_GT(bodies, 3000);
}

TEST(KafkaTree, RefusesBytesThatAreTooShortOrTooLong) {
  const auto& api = *rules::kafka_api("Heartbeat");
  auto tree = KafkaTree::blank(api, api.request, 4);
  auto bytes = tree.write();
  bytes.push_back({});
  EXPECT_FALSE(KafkaTree::read(api, api.request, 4, bytes));
  for (std::size_t size = 0; size + 1 < bytes.size(); ++size) {
    EXPECT_FALSE(KafkaTree::read(api, api.request, 4, std::span(bytes).first(size))) << size;
  }
}

TEST(KafkaTree, RefusesAListThatIsLongerThanItsBytes) {
  const auto& api = *rules::kafka_api("Metadata");
  const auto bytes = kafka_int(INT32_MAX);
  EXPECT_FALSE(KafkaTree::read(api, api.request, 1, std::as_bytes(std::span(bytes))));
}

TEST(KafkaTree, KeepsTaggedFieldsThatItDoesNotKnow) {
  const auto& api = *rules::kafka_api("Heartbeat");
  const auto body = kafka_compact("g") + kafka_int(1) + kafka_compact("m") + kafka_compact("i") +
                    std::string("\x02\x00\x01x\x07\x02yz", 8);
  const auto read = KafkaTree::read(api, api.request, 4, std::as_bytes(std::span(body)));
  ASSERT_TRUE(read);
  const auto written = read->write();
  EXPECT_EQ(std::string(rules::text_of(written)), body);
}

TEST(KafkaSchema, NamesEveryApiByItsKey) {
  EXPECT_EQ(rules::kafka_apis().size(), 95U);
  std::int16_t key = 0;
  for (const auto& api : rules::kafka_apis()) {
    EXPECT_EQ(api.key, key++);
    EXPECT_EQ(api.versions.has_value(), api.refusal != nullptr) << api.name;
  }
  EXPECT_EQ(rules::kafka_api(std::int16_t{95}), nullptr);
  EXPECT_EQ(rules::kafka_error("NOT_LEADER_OR_FOLLOWER")->code, 6);
}

// Adds one element to each list.
void add_elements(const KafkaTree& tree, KafkaValue& value) {
  for (auto& item : value.items) {
    if (item.absent) continue;
    if (item.field->list) item.items.push_back(tree.blank_item(*item.field));
    for (auto& element : item.items) add_elements(tree, element);
  }
}

// Every API whose response has a place for an error is refused with it.
TEST(KafkaRefusal, PlacesTheErrorInTheResponsesOfAlmostAllApis) {
  std::string without;
  for (const auto& api : rules::kafka_apis()) {
    if (!api.versions) continue;
    const auto version = api.versions->last;
    auto asked = KafkaTree::blank(api, api.request, version);
    add_elements(asked, asked.root());
    rules::KafkaMessage request;
    request.key = api.key;
    request.version = version;
    rules::set_kafka_facts(request, asked);
    const auto refused = rules::kafka_refusal(request, asked, *api.refusal);
    if (!refused) {
      without += api.name + " ";
      continue;
    }
    rules::KafkaMessage response;
    response.response = true;
    rules::set_kafka_facts(response, *refused);
    EXPECT_EQ(response.errors, std::vector{api.refusal->code}) << api.name;
  }
  // Their responses name resources of many kinds.
  EXPECT_EQ(without,
            "CreateAcls DeleteAcls DescribeConfigs AlterConfigs AlterReplicaLogDirs "
            "IncrementalAlterConfigs AlterClientQuotas AlterUserScramCredentials ");
}

}  // namespace
}  // namespace brownout::test
