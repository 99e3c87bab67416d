// Tests what `brownout ctl why` knows of real traffic: requests, messages and connections, with
// their random draws and traces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "rules/protocols/mqtt/codec/mqtt.h"
#include "tests/support/files.h"
#include "tests/support/http_world.h"
#include "tests/support/temp_folder.h"

namespace brownout::test {
namespace {

using Json = nlohmann::ordered_json;
using proxy::WhyQuery;

constexpr auto kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::vector<Json> why(ProxyWorld& world, const WhyQuery& query = {}) {
  const auto list = world.on_control([&] { return world.engine().why(query); });
  std::vector<Json> all;
  for (const auto& entry : list.entries) {
    all.push_back(json_of(entry, proxy::TouchedForm::kWhole));
  }
  return all;
}

TEST(Why, SaysWhatHappenedToARequestByWhichRuleAndWithWhichDraw) {
  HttpWorld world(
      "[[rule]]\nname = \"no\"\nprobability = \"99.9%\"\nmatch = { path = \"/pay\" }\n"
      "fault = { type = \"abort\", status = 503 }");
  world.get("/pay", std::string("traceparent: ") + kTrace + "\r\nb3: 80f198ee-e457b5a2-1\r\n");
  world.get("/free");
  const auto found = why(world.proxy, {.listener = "chat", .where = {{"path", "/pay"}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("rule"), "no");
  EXPECT_EQ(found[0].at("fault"), "abort");
  EXPECT_EQ(found[0].at("method"), "GET");
  EXPECT_EQ(found[0].at("request"), 1);
  EXPECT_EQ(found[0].at("status"), 503);
  EXPECT_EQ(found[0].at("traceparent"), kTrace);
  EXPECT_EQ(found[0].at("b3"), "80f198ee-e457b5a2-1");
  EXPECT_EQ(found[0].at("probability"), "99.9%");
  EXPECT_LT(found[0].at("draw").get<double>(), 0.999);
  EXPECT_THAT(found[0].at("client").get<std::string>(), testing::StartsWith("127.0.0.1:"));
}

TEST(Why, ARefusedServerConnectionIsFoundByTheRequest) {
  HttpWorld world("[[rule]]\nmatch = { port = \"1-65535\" }\nfault = { type = \"refuse\" }");
  world.get("/pay");
  const auto found = why(world.proxy, {.where = {{"path", "/pay"}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("action"), "refuse");
}

TEST(Why, FindsAMessageByItsTopicAndTrace) {
  const TestServer port;
  ProxyWorld world(
      "[[rule]]\nper = \"message\"\nprobability = \"99.9%\"\n"
      "match = { topic = \"a/#\" }\nfault = { type = \"drop\" }",
      {.listener = "protocol = \"mqtt\"", .servers = port.address()});
  const auto wire = [](const rules::MqttPacket& packet) {
    return std::string(codecs::text_of(codecs::write_mqtt(packet, rules::kMqtt5)));
  };
  const auto client = world.connect();
  rules::MqttPacket connect{.type = rules::MqttType::kConnect};
  connect.connect = rules::MqttConnect{.level = rules::kMqtt5, .client_id = "phone"};
  send_all(client, wire(connect));
  const auto broker = port.accept();
  rules::MqttPacket publish{.type = rules::MqttType::kPublish, .topic = "a/b"};
  publish.properties = {
      {.id = rules::MqttPropertyId::kUserProperty, .text = "traceparent", .value = kTrace}};
  send_all(client, wire(publish));
  ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
  const auto found = why(world, {.where = {{"topic", "A/B"}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("packet"), "publish");
  EXPECT_EQ(found[0].at("client_id"), "phone");
  EXPECT_EQ(found[0].at("traceparent"), kTrace);
  EXPECT_LT(found[0].at("draw").get<double>(), 0.999);
}

TEST(Why, EventsAndFlowRecordsNameTheTrace) {
  const TempFolder folder;
  HttpServer server;
  {
    ProxyWorld world(fault("\"delay\", delay = \"1ms\""), {.listener = "protocol = \"http\"",
                                                           .servers = server.address(),
                                                           .events = folder.in("events"),
                                                           .flows = folder.in("flows")});
    const auto client = world.connect();
    send_all(client,
             std::string("GET /x HTTP/1.1\r\nhost: a\r\ntraceparent: ") + kTrace + "\r\n\r\n");
    EXPECT_THAT(receive(client, 10).bytes, testing::StartsWith("HTTP/1.1 2"));
  }
  for (const auto* log : {"events", "flows"}) {
    const auto line = codecs::read_json<Json>(read_file(folder.in(log)));
    ASSERT_TRUE(line) << log;
    EXPECT_EQ(line->at("traceparent"), kTrace) << log;
  }
}

TEST(Why, RemembersWhileHalted) {
  ProxyWorld world(fault("\"refuse\""), {.workers = 2});
  receive(world.connect());
  ASSERT_TRUE(eventually([&] { return world.injected() == 1; }));
  world.on_control([&] { world.engine().halt(); });
  EXPECT_EQ(why(world).size(), 1U);
}

}  // namespace
}  // namespace brownout::test
