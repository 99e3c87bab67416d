#include "proxy/formats/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "rules/language/load_toml.h"

namespace brownout::test {
namespace {

using codecs::parse_json;
using codecs::Pointers;
using testing::HasSubstr;

TEST(JsonDocument, EqualsTheSameDocumentInToml) {
  const auto json = parse_json(R"({"version": 1, "upstream": [{"name": "s", "servers": ["a:1"]}],
    "listener": [{"name": "l", "listen": "127.0.0.1:0", "upstream": "s"}],
    "rule": [{"name": "slow", "probability": 0.5, "fault": {"type": "latency", "delay": "300ms"}}]})");
  const auto toml = rules::parse_toml(R"(version = 1
[[upstream]]
name = "s"
servers = ["a:1"]
[[listener]]
name = "l"
listen = "127.0.0.1:0"
upstream = "s"
[[rule]]
name = "slow"
probability = 0.5
fault = { type = "latency", delay = "300ms" })");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(canonical(*json), canonical(*toml));
}

TEST(JsonDocument, ErrorsHavePointers) {
  auto document = *parse_json(
      R"({"version": 1, "rule": [{"fault": {"type": "latency", "delay": "soon", "a/b~": 1}}]})");
  const Pointers pointers(document);
  const auto config = rules::read_config(document);
  ASSERT_FALSE(config.has_value());
  std::vector<std::string> found;
  for (const auto& problem : config.error().sorted()) found.push_back(pointers.at(problem.where));
  EXPECT_THAT(found, testing::IsSupersetOf({std::string("/rule/0/fault/delay"),
                                            std::string("/rule/0/fault/a~1b~0")}));
}

TEST(JsonDocument, ASyntaxErrorHasAPosition) {
  const auto broken = parse_json("{\"fault\": ");
  ASSERT_FALSE(broken.has_value());
  EXPECT_THAT(broken.error().what, HasSubstr("line 1, column"));
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')).has_value());
  EXPECT_TRUE(parse_json(std::string(60, '[') + std::string(60, ']')).has_value());
}

TEST(JsonDocument, RefusesTooManyMembersOrValues) {
  std::string members;
  for (int i = 0; i < 300; ++i) members += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_FALSE(parse_json("{" + members + "\"last\":0}").has_value());
  // The limit applies to each object separately.
  std::string objects;
  for (int i = 0; i < 300; ++i) objects += "{\"k\":0},";
  EXPECT_TRUE(parse_json("[" + objects + "{}]").has_value());
  std::string values;
  for (int i = 0; i < 50'000; ++i) values += "0,";
  EXPECT_FALSE(parse_json("[" + values + "0]").has_value());
}

TEST(JsonText, ReplacesInvalidUtf8) {
  const nlohmann::json bad{{"name",
                            "a\xff"
                            "b\xe2\x82"}};
  const auto text = codecs::json_text(bad);
  EXPECT_EQ(codecs::read_json(text)->at("name"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
}

TEST(JsonText, DepthIsBounded) {
  std::string open;
  for (int i = 0; i < 200'000; ++i) open += "{\"a\":[";
  EXPECT_FALSE(codecs::read_json(open).has_value());
  EXPECT_FALSE(codecs::read_json(std::string(100, '[') + std::string(100, ']')).has_value());
  EXPECT_TRUE(codecs::read_json(std::string(60, '[') + std::string(60, ']')).has_value());
  EXPECT_FALSE(codecs::read_json("[1e999]").has_value());
}

TEST(JsonDocument, ValuesSurviveARoundTrip) {
  for (const auto* text :
       {"[1,-2,0.5,true,null,\"x\"]", "{\"b\":1,\"a\":{}}", "[9223372036854775807]"}) {
    EXPECT_EQ(codecs::to_json(*parse_json(text)).dump(), text);
  }
}

}  // namespace
}  // namespace brownout::test
