// Tests the API of the dashboard: the history, the preview of a rule, servers, and the course of a
// rehearsal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "proxy/control/history.h"
#include "proxy/control/live_config.h"
#include "proxy/control/native_api.h"
#include "proxy/embedded/echo_server.h"
#include "proxy/loop/fd.h"
#include "proxy/net/socket.h"
#include "rules/language/load_toml.h"

namespace brownout::test {
namespace {

using nlohmann::json;

std::string file_for(const std::string& server) {
  return R"(version = 1
[[listener]]
name = "chat"
listen = "127.0.0.1:0"
upstream = [")" +
         server + R"(", "127.0.0.1:9"]
[[listener]]
name = "other"
listen = "127.0.0.1:0"
upstream = "127.0.0.1:9"
[[rule]]
name = "slow"
enabled = false
fault = { type = "latency", delay = "1s" }
)";
}

struct Halts final : proxy::Director {
  void halt() override { halted = true; }
  nlohmann::ordered_json course() const override { return {{"name", "lab"}}; }
  bool halted = false;
};

class PagesApi : public testing::Test {
 protected:
  PagesApi()
      : live_(loop_, {*rules::parse_toml(file_for(to_text(server_.endpoint())))}, {}),
        engine_(std::move(*proxy::Engine::start(loop_, live_.config(), {.measure = true}))) {
    live_.attach(*engine_);
  }
  ~PagesApi() override { engine_->stop(); }

  proxy::HttpResponse ask(proxy::NativeApi& api, const std::string& method, const std::string& path,
                          const std::string& body = "") {
    const auto query = path.find('?');
    const auto behind = query == std::string::npos ? "" : path.substr(query + 1);
    return api.handle({method, "/api/v1" + path.substr(0, query), behind, {}, body});
  }
  json get(proxy::NativeApi& api, const std::string& path) {
    return json::parse(ask(api, "GET", path).body);
  }
  // Returns a connected client that has received an answer through the listener.
  proxy::Fd talk(const std::string& listener) {
    const auto where =
        proxy::SocketAddress::of(*engine_->bound(listener).ip(), engine_->bound(listener).port);
    proxy::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), where.get(), where.length), 0);
    std::array<char, 5> text{'h', 'e', 'l', 'l', 'o'};
    EXPECT_EQ(::send(client.get(), text.data(), text.size(), 0), 5);
    EXPECT_EQ(::recv(client.get(), text.data(), text.size(), MSG_WAITALL), 5);
    return client;
  }

  proxy::EchoServer server_;
  proxy::Loop loop_;
  proxy::LiveConfig live_;
  std::unique_ptr<proxy::Engine> engine_;
  proxy::EventStream stream_{loop_};
};

TEST_F(PagesApi, TheHistoryHasAPointForEachSampleAndListsOnlyLaterOnes) {
  proxy::History history(loop_, *engine_);
  const auto client = talk("chat");
  history.sample();
  auto all = history.after(0);
  EXPECT_EQ(all["first"], 1);
  EXPECT_EQ(all["last"], 1);
  EXPECT_GT(all["listeners"]["chat"]["up"][0].get<double>(), 0);
  EXPECT_EQ(all["listeners"]["other"]["up"][0].get<double>(), 0);
  history.sample();
  const auto later = history.after(1);
  EXPECT_EQ(later["first"], 2);
  EXPECT_EQ(later["time"].size(), 1U);
  EXPECT_EQ(later["listeners"]["chat"]["up"][0].get<double>(), 0);
  EXPECT_EQ(history.after(2)["time"].size(), 0U);
  // Sample 77 is later than the latest sample, so it is of an earlier process, and all samples are
  // new to the caller.
  EXPECT_EQ(history.after(77)["first"], 1);
}

TEST_F(PagesApi, TheHistoryIsBounded) {
  proxy::History history(loop_, *engine_);
  for (std::size_t i = 0; i < proxy::History::kPoints + 10; ++i) history.sample();
  const auto all = history.after(0);
  EXPECT_EQ(all["time"].size(), proxy::History::kPoints);
  EXPECT_EQ(all["first"], 11);
  EXPECT_EQ(all["listeners"]["chat"]["p99_ms"].size(), proxy::History::kPoints);
}

TEST_F(PagesApi, ALaterListenerHasNoValuesForTheTimeBefore) {
  proxy::History history(loop_, *engine_);
  history.sample();
  auto changed =
      file_for("127.0.0.1:9") +
      "[[listener]]\nname = \"new\"\nlisten = \"127.0.0.1:0\"\nupstream = \"127.0.0.1:9\"\n";
  ASSERT_TRUE(live_.set_file({*rules::parse_toml(changed)}));
  history.sample();
  history.sample();
  const auto up = history.after(0)["listeners"]["new"]["up"];
  ASSERT_EQ(up.size(), 3U);
  EXPECT_TRUE(up[0].is_null());
  EXPECT_FALSE(up[2].is_null());
}

TEST_F(PagesApi, TheHistoryNamesTheLastChanges) {
  proxy::NativeApi api(live_, stream_);
  ask(api, "POST", "/halt");
  ask(api, "POST", "/resume");
  const auto events = get(api, "/history?after=0").at("events");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].at("event"), "halted");
  EXPECT_TRUE(events[1].contains("time"));
  EXPECT_EQ(ask(api, "GET", "/history?after=soon").status, 400);
}

TEST_F(PagesApi, APreviewCountsTheOpenConnectionsThatARuleWouldHit) {
  proxy::NativeApi api(live_, stream_);
  const auto first = talk("chat");
  const auto second = talk("chat");
  const auto preview = [&](const std::string& rule) {
    return json::parse(ask(api, "POST", "/preview", rule).body);
  };
  const auto all = preview(R"({"fault": {"type": "latency", "delay": "1s"}})");
  EXPECT_EQ(all.at("open"), 2) << all;
  EXPECT_EQ(all.at("hit"), 2);
  EXPECT_EQ(all.at("clients"), 1);
  EXPECT_THAT(all.at("examples")[0].get<std::string>(), testing::StartsWith("chat#"));
  const auto none =
      preview(R"({"fault": {"type": "latency", "delay": "1s"}, "match": {"listener": "other"}})");
  EXPECT_EQ(none.at("hit"), 0) << none;
  const auto wrong = preview(R"({"fault": {"type": "latency"}})");
  EXPECT_EQ(wrong.at("errors")[0].at("pointer"), "/fault") << wrong;
  // The preview has not changed the rules.
  EXPECT_EQ(get(api, "/rules").size(), 1U);
}

TEST_F(PagesApi, AListenerSaysWhichServersAreUp) {
  proxy::NativeApi api(live_, stream_);
  const auto states = [&](std::size_t listener) {
    std::vector<std::string> all;
    const auto listeners = get(api, "/listeners");
    for (const auto& server : listeners[listener].at("servers")) {
      all.push_back(server.at("state"));
    }
    return all;
  };
  EXPECT_THAT(states(0), testing::ElementsAre("unknown", "unknown"));
  const auto client = talk("chat");
  EXPECT_THAT(states(0), testing::ElementsAre("up", "unknown"));
  const auto where =
      proxy::SocketAddress::of(*engine_->bound("other").ip(), engine_->bound("other").port);
  const proxy::Fd lost(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(lost.get(), where.get(), where.length), 0);
  char none = 0;
  EXPECT_LE(::recv(lost.get(), &none, 1, 0), 0);  // nobody listens on port 9
  EXPECT_THAT(states(1), testing::ElementsAre("down"));
}

TEST_F(PagesApi, UnderADirectorOnlyAHaltIsPossible) {
  Halts director;
  proxy::NativeApi api(live_, stream_, &director);
  EXPECT_EQ(get(api, "/status").at("rehearsal").at("name"), "lab");
  EXPECT_EQ(ask(api, "POST", "/rules/slow/enable").status, 409);
  EXPECT_EQ(ask(api, "POST", "/resume").status, 409);
  EXPECT_EQ(ask(api, "POST", "/reset").status, 409);
  EXPECT_FALSE(director.halted);
  EXPECT_EQ(ask(api, "POST", "/halt").status, 200);
  EXPECT_TRUE(director.halted);
}

}  // namespace
}  // namespace brownout::test
