// Tests describe(), which names the properties of traffic on which a rule acted. A property has the
// name of the key of `match` that selects by it.
#include "rules/engine/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "rules/message/message_protocol.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using Properties = std::map<std::string, std::string>;

Properties described(const rules::FlowFacts& flow, const rules::Message* message = nullptr) {
  Properties all;
  rules::describe(flow, message,
                  [&](std::string_view name, std::string_view value) { all.emplace(name, value); });
  return all;
}

// The options of `explain` for one message of each protocol.
const std::map<std::string, Properties> kTold{
    {"mqtt", {{"packet", "publish"}, {"topic", "a/b"}, {"qos", "1"}, {"client-id", "phone"}}},
    {"xmpp", {{"stanza", "iq"}, {"type", "get"}, {"from", "a@b"}, {"to", "c@d"}}},
    {"nats", {{"verb", "pub"}, {"subject", "x.y"}}},
    {"redis", {{"command", "get"}, {"key", "k"}}},
    {"framed", {{"kind", "order"}}},
    {"kafka", {{"api", "Fetch"}, {"topic", "t"}, {"group", "g"}, {"client-id", "c"}}},
    {"postgres", {{"message", "query"}, {"statement", "select 1"}}},
    {"sse", {{"event", "price"}, {"id", "7"}, {"last-event-id", "6"}}},
    {"ndjson", {}},
    {"grpc", {{"service", "shop.Orders"}, {"rpc", "Watch"}}},
    {"websocket", {}},
};

TEST(Describe, AMessageOfEachProtocolHasThePropertiesThatMatchIt) {
  const auto known = rules::described_keys();
  for (const auto* protocol : rules::message_protocols()) {
    const auto told = kTold.find(std::string(protocol->name()));
    ASSERT_NE(told, kTold.end()) << "add a message of " << protocol->name();
    const auto message = protocol->message_from_options([&](std::string_view option) {
      const auto value = told->second.find(std::string(option));
      return value != told->second.end() ? value->second : std::string();
    });
    const auto found = described(flow_of(1), &message);
    // The value of the key `json` may be anything in a line.
    EXPECT_EQ(found.empty(), protocol->name() == "ndjson") << protocol->name();
    for (const auto& [option, value] : told->second) {
      auto key = option;
      std::replace(key.begin(), key.end(), '-', '_');
      EXPECT_EQ(found.contains(key) ? found.at(key) : "", value) << key;
    }
    for (const auto& [name, value] : found) EXPECT_THAT(known, testing::Contains(name));
  }
}

TEST(Describe, ARequestHasNoHeadersButItsTrace) {
  rules::HttpHead head;
  head.method = "GET";
  head.target = "/a?token=secret";
  head.append("Host", "example.org");
  head.append("Authorization", "secret");
  head.append("TraceParent", "00-a-b-01");
  const auto request = rules::HttpExchange::of(head);
  auto flow = flow_of(1);
  flow.http = &request;
  EXPECT_EQ(described(flow), (Properties{{"method", "GET"},
                                         {"host", "example.org"},
                                         {"path", "/a"},
                                         {"traceparent", "00-a-b-01"}}));
}

TEST(Describe, AQueryHasItsNameAndType) {
  auto flow = flow_of(1);
  flow.dns.question = rules::DnsQuestion{"example.org", rules::DnsType::kAaaa, 1};
  EXPECT_THAT(described(flow), testing::Contains(testing::Pair("qtype", "AAAA")));
}

}  // namespace
}  // namespace brownout::test
