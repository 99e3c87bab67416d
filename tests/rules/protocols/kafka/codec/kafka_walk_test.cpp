// Tests that addresses at the end of a long response are replaced without buffering its records.
#include "rules/protocols/kafka/codec/kafka_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "rules/protocols/kafka/kafka_tree.h"
#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

using rules::KafkaTree;

constexpr std::array<std::size_t, 4> kWalkPieces{1, 7, 100, 1 << 20};
constexpr std::int16_t kFetchVersion = 17;
const std::string kRecords(1000, 'r');

const rules::KafkaApi& fetch_api() { return *rules::kafka_api("Fetch"); }
std::string body_of(const KafkaTree& tree) { return std::string(codecs::text_of(tree.write())); }

// A response to Fetch with two partitions: one with records and an aborted transaction, and one
// that another broker leads now. That broker is at `host`; "" for a response without endpoints.
std::string fetched_body(const std::string& host) {
  const auto& api = fetch_api();
  auto tree = KafkaTree::blank(api, api.response, kFetchVersion);
  auto* topics = tree.root().find("responses");
  auto& topic = topics->items.emplace_back(tree.blank_item(*topics->field));
  auto* partitions = topic.find("partitions");
  auto& full = partitions->items.emplace_back(tree.blank_item(*partitions->field));
  full.find("records")->null = false;
  full.find("records")->text = kRecords;
  auto* aborted = full.find("aborted_transactions");
  aborted->null = false;
  aborted->items.push_back(tree.blank_item(*aborted->field));
  auto& moved = partitions->items.emplace_back(tree.blank_item(*partitions->field));
  moved.find("error_code")->number = rules::kafka_error("NOT_LEADER_OR_FOLLOWER")->code;
  auto& leader = *std::find_if(moved.items.begin(), moved.items.end(), [](const auto& item) {
    return item.field->name == "current_leader";
  });
  leader.items = tree.blank_item(*leader.field).items;
  leader.absent = false;
  if (!host.empty()) {
    auto& endpoints = tree.root().items.back();
    auto& endpoint = endpoints.items.emplace_back(tree.blank_item(*endpoints.field));
    endpoint.find("host")->text = tree.keep(host);
    endpoint.find("port")->number = 9092;
    endpoints.absent = false;
  }
  return body_of(tree);
}
std::string fetched(int correlation, const std::string& host) {
  return kafka_reply(correlation, std::string(1, '\0') + fetched_body(host));
}
std::string fetch_17(int correlation) {
  const auto& api = fetch_api();
  return kafka_request(
      1, kFetchVersion, correlation,
      std::string(1, '\0') + body_of(KafkaTree::blank(api, api.request, kFetchVersion)));
}

TEST(KafkaWalk, FindsTheTaggedFieldsAtTheEnd) {
  const auto body = fetched_body("broker-1");
  // Without endpoints, the number of tagged fields is the only byte at the end.
  const auto tail = fetched_body("").size() - 1;
  const auto response = std::string(1, '\0') + body;
  for (const auto piece : kWalkPieces) {
    codecs::KafkaWalk walk(fetch_api(), kFetchVersion);
    std::size_t taken = 0;
    while (taken < response.size() && !walk.at_tail() && !walk.failed()) {
      const auto part = std::string_view(response).substr(taken, piece);
      taken += walk.next(codecs::bytes_of(part));
    }
    EXPECT_TRUE(walk.at_tail()) << piece;
    EXPECT_EQ(taken, 1 + tail) << piece;
  }
}

TEST(KafkaWalk, FailsWithANumberThatNoResponseHas) {
  const std::string endless(64, '\xff');
  codecs::KafkaWalk walk(fetch_api(), kFetchVersion);
  walk.next(codecs::bytes_of(std::string_view(endless)));
  EXPECT_TRUE(walk.failed());
}

// Sends the response through a listener that rewrites "broker-1:9092" to `other`. Returns the new
// address in it; "" if it has none.
std::string endpoint_through(const std::string& other, const std::string& rules,
                             std::size_t piece) {
  MessageLab lab("kafka", rules, "rewrite = { \"broker-1:9092\" = \"" + other + "\" }", piece);
  const auto sent = fetched(7, "broker-1");
  lab.from_client(fetch_17(7));
  lab.from_server(sent);
  const auto got = lab.at_client();
  EXPECT_EQ(lab.reports, "");
  if (rules.empty()) {
    EXPECT_EQ(got.size(), sent.size());
  }
  constexpr std::size_t kHeader = 9;  // length, correlation id, no tagged fields
  if (got.size() < kHeader) return "no response";
  const auto& api = fetch_api();
  const auto tree = KafkaTree::read(api, api.response, kFetchVersion,
                                    codecs::bytes_of(std::string_view(got).substr(kHeader)));
  if (!tree) return "malformed";
  const auto& partitions = tree->root().find("responses")->items.front().find("partitions")->items;
  EXPECT_EQ(partitions.front().find("records")->text, kRecords);
  const auto* endpoints = tree->root().find("node_endpoints");
  if (endpoints == nullptr) return "";
  const auto& endpoint = endpoints->items.front();
  return std::string(endpoint.find("host")->text) + ":" +
         std::to_string(endpoint.find("port")->number);
}

TEST(KafkaWalk, RewritesTheEndpointsOfNewLeaders) {
  for (const auto* other : {"broker-2:7001", "broker:7001", "broke:7001", "b:7001"}) {
    for (const auto piece : kWalkPieces) {
      EXPECT_EQ(endpoint_through(other, "", piece), other) << piece;
    }
  }
}

// The length of the response has been forwarded, so a longer address has no room.
TEST(KafkaWalk, LeavesOutAnEndpointThatDoesNotFit) {
  for (const auto piece : kWalkPieces) {
    EXPECT_EQ(endpoint_through("a-longer-host.test:7001", "", piece), "") << piece;
  }
}

TEST(KafkaWalk, RewritesBesideRules) {
  const std::string error =
      "[[rule]]\nmatch = { error = \"NOT_LEADER_OR_FOLLOWER\" }\n"
      "fault = { type = \"delay\", delay = \"0ms\" }\n";
  const std::string other =
      "[[rule]]\nmatch = { api = \"Produce\" }\nfault = { type = \"drop\" }\n";
  for (const auto piece : kWalkPieces) {
    EXPECT_EQ(endpoint_through("longer.broker-2:7001", error, piece), "longer.broker-2:7001");
    EXPECT_EQ(endpoint_through("broker-2:7001", other, piece), "broker-2:7001");
  }
}

// A response that is cut off passes as far as it came.
TEST(KafkaWalk, PassesAResponseThatIsCutOff) {
  const auto sent = fetched(7, "broker-1");
  for (const std::size_t size : {5U, 9U, 500U, 1100U}) {
    MessageLab lab("kafka", "", "rewrite = { \"broker-1:9092\" = \"broker-2:7001\" }", 3);
    lab.from_client(fetch_17(7));
    lab.from_server(sent.substr(0, size));
    lab.server_finishes();
    EXPECT_EQ(lab.at_client(), sent.substr(0, size));
  }
}

}  // namespace
}  // namespace brownout::test
