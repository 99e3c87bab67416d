// What the control plane decides, without sockets of its own: the overlay, leases, halting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/codecs/json_document.h"
#include "proxy/control/live_config.h"
#include "rules/load_toml.h"

namespace brownout::test {
namespace {

using proxy::LiveConfig;
using proxy::Overlay;

rules::Node table(const std::string& json) { return *codecs::parse_json(json); }

constexpr auto kFile = R"(version = 1
[[listener]]
name = "chat"
listen = "127.0.0.1:0"
upstream = "server"
[[upstream]]
name = "server"
servers = ["127.0.0.1:9"]
[[rule]]
name = "slow"
fault = { type = "latency", delay = "1s" }
[[rule]]
fault = { type = "refuse" }
match = { client = "192.0.2.0/24" }
)";

class Live : public testing::Test {
 protected:
  explicit Live(proxy::LiveOptions options = {})
      : live_(loop_, *rules::parse_toml(kFile), std::move(options)) {
    engine_ = std::move(*proxy::Engine::start(loop_, live_.config(), {}));
    live_.attach(*engine_);
  }
  ~Live() override { engine_->stop(); }

  // "name=definition" of the rules that were loaded, in order.
  std::vector<std::string> rules() const {
    std::vector<std::string> all;
    for (const auto& rule : engine_->rules().rules()) all.push_back(rule->name);
    return all;
  }
  bool change(const std::string& kind, const std::string& name, const std::string& json,
              const std::string& lease = "") {
    return live_.change({kind, name, table(json)}, lease).has_value();
  }
  bool remove(const std::string& kind, const std::string& name, const std::string& lease = "") {
    return live_.change({kind, name, std::nullopt}, lease).has_value();
  }

  proxy::Loop loop_;
  LiveConfig live_;
  std::unique_ptr<proxy::Engine> engine_;
};

constexpr auto kHang = R"({"name":"cut","fault":{"type":"unplug"}})";

TEST_F(Live, AnUnnamedRuleIsCalledByItsFault) {
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, WhatTheFileHasKeepsItsPlace) {
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(change("rule", "slow", R"({"name":"slow","fault":{"type":"latency","delay":"2s"}})"));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  EXPECT_TRUE(remove("rule", "slow"));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse", "cut"));
}

TEST_F(Live, AMistakeChangesNothingAndSaysWhose) {
  const auto done = live_.change({"upstream", "server", std::nullopt}, "");
  ASSERT_FALSE(done.has_value());
  ASSERT_EQ(done.error().mistakes.size(), 1U);
  EXPECT_EQ(done.error().mistakes[0].kind, "listener");
  EXPECT_EQ(done.error().mistakes[0].name, "chat");
  EXPECT_EQ(done.error().mistakes[0].pointer, "/upstream");
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, AnotherFileKeepsWhatTheApiChanged) {
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(remove("rule", "slow"));
  EXPECT_TRUE(
      live_.set_file(*rules::parse_toml(std::string(kFile) + "[[rule]]\nname = \"new\"\n"
                                                             "fault = { type = \"down\" }")));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse", "new", "cut"));
}

TEST_F(Live, ALeaseUndoesWhatWasChangedUnderIt) {
  EXPECT_TRUE(change("rule", "mine", R"({"name":"mine","fault":{"type":"unplug"}})"));
  const auto id = live_.take_lease("", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "cut", kHang, id));
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","fault":{"type":"down"}})", id));
  EXPECT_TRUE(remove("rule", "slow", id));
  EXPECT_TRUE(remove("rule", "mine", id));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse", "cut"));
  EXPECT_TRUE(live_.end_lease(id));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "mine"));
  EXPECT_FALSE(live_.end_lease(id));
  EXPECT_FALSE(change("rule", "cut", kHang, id));
}

TEST_F(Live, WhoeverChangesItLastKeepsIt) {
  const auto id = live_.take_lease("ci", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "cut", kHang, id));
  EXPECT_EQ(live_.lease_of("rule", "cut"), "ci");
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","fault":{"type":"down"}})"));
  EXPECT_TRUE(live_.end_lease(id));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
}

TEST_F(Live, ALeaseThatTakesOverUndoesTheOnesBefore) {
  const auto one = live_.take_lease("one", std::chrono::hours(1));
  const auto two = live_.take_lease("two", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "cut", kHang, one));
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","fault":{"type":"down"}})", two));
  EXPECT_TRUE(live_.end_lease(one));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  EXPECT_TRUE(live_.end_lease(two));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, ADisabledRuleIsThereAndDoesNotAct) {
  EXPECT_TRUE(change("rule", "slow", R"({"name":"slow","enabled":false,"fault":{"type":"down"}})"));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse"));
  EXPECT_NE(proxy::find_table(live_.document(), "rule", "slow"), nullptr);
}

TEST_F(Live, ADisabledListenerIsClosed) {
  EXPECT_TRUE(
      change("listener", "chat",
             R"({"name":"chat","listen":"127.0.0.1:0","upstream":"server","enabled":false})"));
  EXPECT_TRUE(engine_->listeners().empty());
}

TEST_F(Live, HaltedRulesAreLoadedAndDoNotAct) {
  engine_->halt();
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(engine_->halted());
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  engine_->resume();
  EXPECT_FALSE(engine_->halted());
}

class Capped : public Live {
 protected:
  Capped() : Live({std::chrono::seconds(5), ""}) {}
};

TEST_F(Capped, EveryRuleIsOverThen) {
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","duration":"1s","fault":{"type":"down"}})"));
  std::vector<rules::Duration> times;
  for (const auto& rule : engine_->rules().rules()) times.push_back(*rule->schedule.duration);
  EXPECT_THAT(times, testing::ElementsAre(std::chrono::seconds(5), std::chrono::seconds(5),
                                          std::chrono::seconds(1)));
}

}  // namespace
}  // namespace brownout::test
