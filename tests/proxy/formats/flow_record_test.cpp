#include "proxy/formats/flow_record.h"

#include <gmock/gmock.h>

namespace brownout::codecs {
namespace {

TEST(FlowRecord, IsReadAsItWasWritten) {
  rules::FlowFacts flow;
  flow.listener = "chat";
  flow.client = rules::IpAddress::parse("10.0.0.9");
  flow.client_port = 5000;
  flow.destination = rules::IpAddress::parse("192.0.2.1");
  flow.destination_port = 443;
  flow.names = std::make_shared<const std::vector<std::string>>(2, "a.example");
  const auto line = write_flow(flow, "now", FlowOutcome::kServed);
  EXPECT_THAT(line, testing::HasSubstr(R"("names":["a.example","a.example"])"));
  const auto read = read_flow(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->listener, "chat");
  EXPECT_EQ(read->client, flow.client);
  EXPECT_EQ(read->destination_port, 443);
  EXPECT_EQ(*read->names, *flow.names);
}

TEST(FlowRecord, OfAClientOnAUnixSocketHasNoClient) {
  rules::FlowFacts flow;
  flow.destination = rules::IpAddress::parse("192.0.2.1");
  const auto line = write_flow(flow, "now", FlowOutcome::kStopped);
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("names")));
  const auto read = read_flow(line);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->client);
  EXPECT_FALSE(read_flow(R"({"client":"","destination":""})"));
}

TEST(FlowRecord, LostSynsAreANumberAndNoFlow) {
  const auto line = write_lost_syns({.listener = "front", .rule = "lost", .count = 3}, "now");
  EXPECT_EQ(line,
            R"({"time":"now","listener":"front","protocol":"tcp","rule":"lost","lost_syns":3})"
            "\n");
  EXPECT_TRUE(is_lost_syns(line));
  EXPECT_TRUE(is_lost_syns(write_lost_syns({.answered = true}, "")));
  EXPECT_FALSE(is_lost_syns(R"({"client":"10.0.0.1:1"})"));
  EXPECT_FALSE(is_lost_syns("no JSON"));
}

}  // namespace
}  // namespace brownout::codecs
