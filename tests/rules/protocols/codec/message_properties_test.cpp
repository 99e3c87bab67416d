// Tests every message fault on every protocol that it supports, in random conversations.
// Deliberately broken stages prove that the checks detect each kind of violation.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include "rules/language/load_toml.h"
#include "rules/protocols/mqtt/mqtt.h"
#include "rules/protocols/websocket/websocket.h"
#include "tests/support/broken_message_stages.h"
#include "tests/support/broken_stages.h"
#include "tests/support/files.h"
#include "tests/support/message_properties.h"

namespace brownout::test {
namespace {

using Names = std::set<std::string_view>;

// Faults that change the contents of messages. All other faults answer, copy or lose messages and
// report this in their notes (Note in stage.h), or change nothing.
const Names kChangesContents{"corrupt_message",    "truncate_message",     "replace",
                             "malformed_event",    "mqtt_receive_maximum", "mqtt_session_present",
                             "xmpp_resumption",    "nats_cluster_change",  "kafka_throttle",
                             "kafka_leader",       "kafka_broker_down",    "kafka_lag",
                             "kafka_api_versions", "kafka_records"};
// Faults that may change everything after the fixed header of any MQTT packet.
const Names kChangesPackets{"corrupt_message", "truncate_message"};
const Names kChangesTheOrder{"reorder", "hold_until"};
// Only these faults are tested on the opening messages of a connection. If an opening message is
// lost, copied or reordered, nothing can be parsed, and client and server wait for each other.
const Names kActsOnOpenings{
    "mqtt_receive_maximum", "mqtt_session_present", "mqtt_disconnect",           "xmpp_resumption",
    "xmpp_stream_error",    "nats_cluster_change",  "nats_authorization_timeout"};
// Faults that deliver only a part of the last message.
const Names kCutsMessages{"redis_cut_reply"};
// Replies of Redis and Kafka follow the order of the requests, so none follows a lost one.
// Reordering and copies change the order that the server sees, which the checks do not model.
const Names kSilencesReplies{"drop",       "ack_loss", "half_open", "redis_dead_subscription",
                             "hold_until", "reorder",  "duplicate"};
// MQTT 3.1.1 has no Receive Maximum.
const Names kOnlyOfMqtt5{"mqtt_receive_maximum"};

// Settings used instead of the fault's example. The example would end every conversation at once,
// begin after its end, or match another protocol. A key "fault protocol" applies only to that
// protocol.
const std::map<std::string, std::string> kListenerSettings{
    {"close_websocket", R"(probability = "5%"
fault = { type = "close_websocket" })"},
    {"mqtt_disconnect", R"(probability = "5%"
fault = { type = "mqtt_disconnect" })"},
    {"cut_stream", R"(probability = "5%"
per = "message"
fault = { type = "cut_stream" })"},
    {"malformed_event", R"(fault = { type = "malformed_event", how = "utf8" })"},
    {"xmpp_stream_error", R"(probability = "5%"
fault = { type = "xmpp_stream_error" })"},
    {"reject", R"(probability = "20%"
per = "message"
fault = { type = "reject", text = "NO" })"},
    {"drop", R"(probability = "20%"
per = "message"
fault = { type = "drop" })"},
    {"corrupt_message", R"(fault = { type = "corrupt_message", chance = "1%" })"},
    {"truncate_message", R"(fault = { type = "truncate_message", after = "20 B" })"},
    {"kafka_session", R"(probability = "20%"
per = "message"
fault = { type = "kafka_session", session = "member" })"},
    {"kafka_records", R"(fault = { type = "kafka_records", how = "duplicate", share = "40%" })"},
    {"hold_until mqtt",
     R"(fault = { type = "hold_until", passes = { packet = "pingreq" }, most = "700ms" })"},
    {"hold_until xmpp",
     R"(fault = { type = "hold_until", passes = { stanza = "r" }, most = "700ms" })"},
    {"hold_until websocket",
     R"(fault = { type = "hold_until", passes = { opcode = "ping" }, most = "700ms" })"},
    {"nats_slow_consumer", R"(probability = "5%"
fault = { type = "nats_slow_consumer" })"},
    {"nats_lame_duck", R"(fault = { type = "nats_lame_duck", grace = "1h" })"},
    {"nats_authorization_timeout",
     R"(fault = { type = "nats_authorization_timeout", after = "1s" })"},
    {"hold_until nats",
     R"(fault = { type = "hold_until", passes = { verb = "ping" }, most = "700ms" })"},
    {"hold_until redis",
     R"(fault = { type = "hold_until", passes = { command = "ping" }, most = "700ms" })"},
    {"hold_until kafka",
     R"(fault = { type = "hold_until", passes = { api = "Heartbeat" }, most = "700ms" })"},
    {"kafka_error", R"(match = { api = ["Produce", "Heartbeat"] }
probability = "20%"
per = "message"
fault = { type = "kafka_error", error = "NOT_LEADER_OR_FOLLOWER" })"},
    {"redis_readonly", R"(fault = { type = "redis_readonly" })"},
    {"redis_cut_reply", R"(probability = "5%"
per = "message"
fault = { type = "redis_cut_reply" })"},
    {"hold_until sse",
     R"(fault = { type = "hold_until", passes = { event = "done" }, most = "700ms" })"},
    {"hold_until ndjson",
     R"(fault = { type = "hold_until", passes = { json = { "/done" = true } }, most = "700ms" })"},
    {"hold_until grpc",
     R"(fault = { type = "hold_until", passes = { text = "done" }, most = "700ms" })"},
    {"hold_until postgres",
     R"(fault = { type = "hold_until", passes = { message = "sync" }, most = "700ms" })"},
    // A refused query reaches the server as two messages, a refused execute as one.
    {"reject postgres", R"(match = { message = "execute" }
probability = "20%"
per = "message"
fault = { type = "reject", text = "NO" })"},
    {"hold_until framed",
     R"(fault = { type = "hold_until", passes = { kind = "PING" }, most = "700ms" })"}};

std::vector<Rule> rules_for(std::string_view fault, const ProtocolSetup& setup) {
  const std::string name(fault);
  auto settings = kListenerSettings.find(name + " " + setup.listener);
  if (settings == kListenerSettings.end()) settings = kListenerSettings.find(name);
  if (settings != kListenerSettings.end()) {
    return config_of("[[rule]]\n" + settings->second, setup.listener, setup.keys).rules;
  }
  const auto example = load_toml(read_source("examples/rules/" + name + ".toml"));
  std::vector<Rule> rules;
  for (const auto& rule : example ? example->rules : rules) {
    if (rule.kind->name != fault) continue;
    rules.push_back(rule);
    rules.back().match = {};
  }
  return rules;
}

bool answers_in_order(const ProtocolSetup& setup) {
  return setup.listener == "redis" || setup.listener == "kafka";
}

MessageExpectations expectations_of(std::string_view fault, const ProtocolSetup& setup) {
  return {.keeps_contents = !kChangesContents.contains(fault),
          .keeps_order = !kChangesTheOrder.contains(fault),
          .keeps_packets = !kChangesPackets.contains(fault),
          .from_the_start = kActsOnOpenings.contains(fault),
          .cuts = kCutsMessages.contains(fault),
          .silences = answers_in_order(setup) && kSilencesReplies.contains(fault)};
}

class MessageProperties : public testing::TestWithParam<std::size_t> {
 protected:
  const ProtocolSetup& setup() const { return all_protocol_setups()[GetParam()]; }
};

TEST_P(MessageProperties, HoldForEveryFaultThatActsOnMessages) {
  int tried = 0;
  for (const auto* kind : all_faults()) {
    // A WebSocket listener may also carry MQTT, so its protocol is stated here.
    const auto spoken = setup().listener == "websocket"
                            ? rules::ProtocolSet::of(rules::WebSocketMessage::protocol())
                            : rules::Protocol::named(setup().listener)->messages();
    if (!kind->carries(Carrier::kMessage) || !kind->supports(spoken)) continue;
    const auto rules = rules_for(kind->name, setup());
    ASSERT_FALSE(rules.empty()) << kind->name << " has no example that loads";
    ++tried;
    std::uint64_t acted = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      ASSERT_EQ(
          find_message_violation(setup(), rules, expectations_of(kind->name, setup()), seed, acted),
          "")
          << kind->name << ", seed " << seed;
    }
    const bool cannot = setup().level == rules::kMqtt311 && kOnlyOfMqtt5.contains(kind->name);
    EXPECT_EQ(acted == 0, cannot) << kind->name << " acted " << acted << " times";
  }
  EXPECT_GE(tried, 9);
}

TEST_P(MessageProperties, HoldForRandomChainsOfFaultsThatKeepContents) {
  constexpr std::array<std::string_view, 5> kFaults{"delay", "duplicate", "reorder", "hold_until",
                                                    "drop"};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Rule> rules;
    for (int i = 0; i < 4; ++i) {
      for (auto& rule : rules_for(kFaults[random() % kFaults.size()], setup())) {
        rule.name += std::to_string(i);
        rules.push_back(rule);
      }
    }
    std::uint64_t acted = 0;
    ASSERT_EQ(find_message_violation(setup(), rules,
                                     {.keeps_order = false, .silences = answers_in_order(setup())},
                                     seed, acted),
              "")
        << "seed " << seed;
  }
}

TEST_P(MessageProperties, HoldWithoutRules) {
  std::uint64_t acted = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    ASSERT_EQ(find_message_violation(setup(), {}, {}, seed, acted), "") << "seed " << seed;
  }
}

template <class S>
std::string find_in_broken_messages(const ProtocolSetup& setup) {
  std::uint64_t acted = 0;
  return find_message_violation(setup, {rule_of<S, Carrier::kMessage>()}, {}, 3, acted);
}

TEST_P(MessageProperties, DetectEveryBrokenStage) {
  EXPECT_EQ(find_in_broken_messages<DropsOneMessage>(setup()), "messages were lost");
  EXPECT_EQ(find_in_broken_messages<MakesOneMessage>(setup()),
            "more messages came out than went in");
  EXPECT_EQ(find_in_broken_messages<MergesTwoMessages>(setup()), "messages were lost");
  EXPECT_EQ(find_in_broken_messages<ReordersMessages>(setup()),
            "messages were altered or reordered");
  EXPECT_EQ(find_in_broken_messages<AltersMessages>(setup()), "messages were altered or reordered");
  EXPECT_EQ(find_in_broken_messages<KeepsMessagesOnRelease>(setup()), "messages were lost");
  EXPECT_EQ(find_in_broken_messages<HoardsMessages>(setup()),
            "messages are held after the rules were removed");
  HoardsMessages::hoard().clear();
  EXPECT_EQ(find_in_broken_messages<DependsOnTheDriver>(setup()),
            "one big step of time gave a different result than many small ones");
  EXPECT_EQ(find_in_broken_messages<RemembersOtherConnections>(setup()),
            "the same seed gave a different result");
  EXPECT_EQ(find_in_broken_messages<EndsOnRelease>(setup()), "messages were lost");
}

INSTANTIATE_TEST_SUITE_P(Of, MessageProperties,
                         testing::Range<std::size_t>(0, all_protocol_setups().size()),
                         [](const auto& which) { return all_protocol_setups()[which.param].name; });

TEST(MessagePropertiesOfXmpp, DetectAStageThatEmitsMalformedXml) {
  EXPECT_EQ(find_in_broken_messages<EmitsMalformedXml>(all_protocol_setups()[2]).substr(0, 25),
            "what came out is malforme");
}

}  // namespace
}  // namespace brownout::test
