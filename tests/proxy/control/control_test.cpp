// Tests the control plane without sockets: changes by the API on top of the rule file, leases, and
// halting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/control/live_config.h"
#include "proxy/control/native_api.h"
#include "proxy/formats/json_document.h"
#include "rules/language/load_toml.h"

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
  static proxy::LiveOptions with(rules::Duration max_fault_time) {
    proxy::LiveOptions options;
    options.max_fault_time = max_fault_time;
    return options;
  }
  explicit Live(proxy::LiveOptions options = {})
      : live_(loop_, {*rules::parse_toml(kFile)}, std::move(options)) {
    engine_ = std::move(*proxy::Engine::start(loop_, live_.config(), {}));
    live_.attach(*engine_);
  }
  ~Live() override { engine_->stop(); }

  // Names of the loaded rules in order.
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

TEST_F(Live, NamesAnUnnamedRuleAfterItsFault) {
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, ChangedRulesKeepTheirPositionInTheFile) {
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(change("rule", "slow", R"({"name":"slow","fault":{"type":"latency","delay":"2s"}})"));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  EXPECT_TRUE(remove("rule", "slow"));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse", "cut"));
}

TEST_F(Live, AnInvalidChangeHasNoEffectAndNamesTheTable) {
  const auto done = live_.change({"upstream", "server", std::nullopt}, "");
  ASSERT_FALSE(done.has_value());
  ASSERT_EQ(done.error().mistakes.size(), 1U);
  EXPECT_EQ(done.error().mistakes[0].kind, "listener");
  EXPECT_EQ(done.error().mistakes[0].name, "chat");
  EXPECT_EQ(done.error().mistakes[0].pointer, "/upstream");
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, ANewFileKeepsChangesOfTheApi) {
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(remove("rule", "slow"));
  EXPECT_TRUE(
      live_.set_file({*rules::parse_toml(std::string(kFile) + "[[rule]]\nname = \"new\"\n"
                                                              "fault = { type = \"down\" }")}));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse", "new", "cut"));
}

constexpr auto kSlowIsOn =
    R"({"name":"slow","enabled":true,"fault":{"delay":"1s","type":"latency"}})";
constexpr auto kSlowIsOff =
    R"({"name":"slow","enabled":false,"fault":{"type":"latency","delay":"1s"}})";

TEST_F(Live, AChangeBackToTheFilesVersionIsForgotten) {
  EXPECT_TRUE(change("rule", "slow", kSlowIsOff));
  EXPECT_EQ(names_in(live_.overlay()), "rule slow");
  EXPECT_TRUE(change("rule", "slow", kSlowIsOn));
  EXPECT_EQ(names_in(live_.overlay()), "");
  // No difference from the file remains, so the next edit of the file takes effect.
  const std::string file = kFile;
  EXPECT_TRUE(live_.set_file({*rules::parse_toml(file.substr(0, file.find("[[rule]]")))}));
  EXPECT_THAT(rules(), testing::IsEmpty());
}

TEST_F(Live, AFileThatContainsTheChangeDropsItFromTheOverlay) {
  EXPECT_TRUE(change("rule", "slow", R"({"name":"slow","fault":{"type":"down"}})"));
  std::string file = kFile;
  const std::string fault = R"({ type = "latency", delay = "1s" })";
  file.replace(file.find(fault), fault.size(), R"({ type = "down" })");
  EXPECT_TRUE(live_.set_file({*rules::parse_toml(file)}));
  EXPECT_TRUE(live_.overlay().changes().empty());
}

TEST_F(Live, DifferencesFromTheFileAreNamedAndCanBeReset) {
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(remove("rule", "slow"));
  EXPECT_TRUE(change("listener", "chat",
                     R"({"name":"chat","listen":"127.0.0.1:0","upstream":"server","backlog":9})"));
  EXPECT_EQ(names_in(live_.overlay()), "listener chat; rules cut, slow");
  EXPECT_TRUE(live_.reset("rule", "slow", ""));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  EXPECT_EQ(names_in(live_.overlay()), "listener chat; rule cut");
  EXPECT_TRUE(live_.reset(""));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
  EXPECT_EQ(names_in(live_.overlay()), "");
}

TEST_F(Live, TheEndOfALeaseDoesNotUndoAReset) {
  const auto id = live_.take_lease("ci", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "slow", kSlowIsOff));
  EXPECT_TRUE(remove("rule", "slow", id));
  EXPECT_TRUE(live_.reset("rule", "slow", ""));
  EXPECT_TRUE(live_.end_lease(id));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
  // After a reset under a lease, the API's earlier change returns when the lease ends.
  EXPECT_TRUE(change("rule", "slow", kSlowIsOff));
  const auto other = live_.take_lease("", std::chrono::hours(1));
  EXPECT_TRUE(live_.reset(other));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
  EXPECT_TRUE(live_.end_lease(other));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse"));
}

TEST_F(Live, AFileCannotUseTheNameOfAToxiproxyProxy) {
  rules::Config part;
  auto& listener = part.listeners.emplace_back();
  listener.name = listener.upstream = "tp";
  listener.listen = {"127.0.0.1", 0, ""};
  auto& upstream = part.upstreams.emplace_back();
  upstream.name = "tp";
  upstream.servers = {{"127.0.0.1", 9, ""}};
  ASSERT_TRUE(live_.replace_toxiproxy_part({"tp"}, part));
  const auto bound = engine_->bound("tp");
  for (const auto* table : {"[[listener]]\nname = \"tp\"\nlisten = \"127.0.0.1:0\"\nupstream = "
                            "\"server\"\n",
                            "[[upstream]]\nname = \"tp\"\nservers = [\"127.0.0.1:9\"]\n"}) {
    const auto done = live_.set_file({*rules::parse_toml(std::string(kFile) + table)});
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().status, 409);
    EXPECT_EQ(done.error().mistakes.at(0).name, "tp");
  }
  EXPECT_EQ(engine_->bound("tp"), bound);
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

// A free port below 32768, where the kernel's ephemeral ports begin (ip_local_port_range in ip(7)).
// Other tests, which bind port 0, never get such a port.
std::uint16_t fixed_free_port() {
  for (unsigned i = 0; i < 1000; ++i) {
    const auto port = static_cast<std::uint16_t>(
        10'000 + (static_cast<unsigned>(::getpid()) * 7 + i * 61) % 20'000);
    if (proxy::bind_to({"0.0.0.0", port, ""}, SOCK_STREAM, 1) &&
        proxy::bind_to({"::", port, ""}, SOCK_STREAM, 1)) {
      return port;
    }
  }
  return 0;
}

TEST_F(Live, ListenersOfIpv4AndIpv6CanShareAPort) {
  const auto port = std::to_string(fixed_free_port());
  const auto listener = [&](const std::string& name, const std::string& host) {
    return "[[listener]]\nname = \"" + name + "\"\nlisten = \"" + host + ":" + port +
           "\"\nupstream = \"server\"\n";
  };
  for (const auto* v4 : {"127.0.0.1", "0.0.0.0"}) {
    const auto file = kFile + listener("four", v4) + listener("six", "[::]");
    EXPECT_TRUE(live_.set_file({*rules::parse_toml(file)})) << v4;
  }
}

// Sends requests to the API without the HTTP server in front of it.
class Native : public Live {
 protected:
  proxy::HttpResponse ask(const std::string& method, const std::string& path,
                          const std::string& body = "") {
    return api_.handle({method, "/api/v1" + path, "", {}, body});
  }
  nlohmann::json get(const std::string& path) {
    return nlohmann::json::parse(ask("GET", path).body);
  }

  explicit Native(proxy::LiveOptions options = {}) : Live(std::move(options)) {}

  proxy::EventStream stream_{loop_};
  proxy::NativeApi api_{live_, stream_};
};

TEST_F(Native, TheStatusReportsThatTheFileCouldNotBeLoaded) {
  live_.file_refused("the file has errors");
  EXPECT_EQ(get("/status").at("file_not_loaded"), "the file has errors");
  EXPECT_TRUE(live_.set_file({*rules::parse_toml(kFile)}));
  EXPECT_FALSE(get("/status").contains("file_not_loaded"));
}

TEST_F(Native, TotalsStayWhenARuleIsDisabled) {
  engine_->rules().rules()[0]->state->injected = 3;
  EXPECT_EQ(get("/status").at("injected"), 3);
  EXPECT_EQ(ask("POST", "/rules/slow/disable").status, 200);
  EXPECT_EQ(get("/status").at("injected"), 3);
  EXPECT_THAT(engine_->never_matched(), testing::ElementsAre("refuse"));
}

TEST_F(Native, TheStatusListsDifferencesFromTheFile) {
  EXPECT_EQ(ask("POST", "/rules/slow/disable").status, 200);
  EXPECT_EQ(ask("PUT", "/rules/cut", kHang).status, 201);
  EXPECT_EQ(ask("DELETE", "/rules/refuse").status, 204);
  EXPECT_EQ(get("/status").at("differs_from_file"),
            nlohmann::json::parse(R"([{"kind":"rule","name":"slow","how":"changed"},
                                      {"kind":"rule","name":"cut","how":"added"},
                                      {"kind":"rule","name":"refuse","how":"deleted"}])"));
  EXPECT_EQ(get("/rules/slow").at("in_file"), true);
  EXPECT_EQ(get("/rules/cut").at("in_file"), false);
  EXPECT_EQ(ask("POST", "/rules/slow/reset").status, 200);
  EXPECT_EQ(get("/rules/slow").at("source"), "file");
  EXPECT_EQ(ask("POST", "/rules/cut/reset").status, 204);
  EXPECT_EQ(ask("POST", "/rules/nobody/reset").status, 404);
  EXPECT_EQ(ask("POST", "/reset").status, 200);
  EXPECT_THAT(get("/status").at("differs_from_file"), testing::IsEmpty());
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Native, HaltingTwiceEqualsHaltingOnce) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask("POST", "/halt").status, 200);
    EXPECT_TRUE(engine_->halted());
  }
  EXPECT_EQ(ask("POST", "/resume").status, 200);
  EXPECT_FALSE(engine_->halted());
}

TEST_F(Native, WhySaysWhatEachRuleWouldDoNextAndWhyNot) {
  const auto ask_why = [&](const std::string& query) {
    const auto answer = api_.handle({"GET", "/api/v1/why", query, {}, ""});
    return std::pair(answer.status, nlohmann::json::parse(answer.body));
  };
  const auto [status, all] = ask_why("");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(all.at("total"), 0);
  EXPECT_FALSE(all.contains("rules"));
  EXPECT_EQ(ask("POST", "/rules/slow/disable").status, 200);
  const auto rules = ask_why("listener=chat&client=10.1.2.3").second.at("rules");
  EXPECT_EQ(rules, nlohmann::json::parse(R"([
      {"rule":"refuse","fault":"refuse","acts":false,
       "why":"it is for client 192.0.2.0/24, not 10.1.2.3"},
      {"rule":"slow","fault":"latency","acts":false,"why":"it is disabled"}])"));
  EXPECT_EQ(ask_why("listener=chat&client=192.0.2.7").second.at("rules").at(0).at("acts"), true);
  EXPECT_EQ(ask_why("listener=ch").second.contains("rules"), false);
}

TEST_F(Native, WhyRefusesWhatItDoesNotKnow) {
  const auto title = [&](const std::string& query) {
    const auto answer = api_.handle({"GET", "/api/v1/why", query, {}, ""});
    EXPECT_EQ(answer.status, 400) << query;
    return nlohmann::json::parse(answer.body).at("title").get<std::string>();
  };
  EXPECT_THAT(title("topik=a"), testing::HasSubstr("did you mean \"topic\""));
  EXPECT_EQ(title("limit=10001"), "the parameter limit must be a number from 0 to 10000");
}

struct Gate {
  std::promise<void> release_;
};

// A disk on which writing the state file blocks until release_ is set.
class OnAHungDisk : protected Gate, public Native {
 protected:
  OnAHungDisk() : Native(options(release_.get_future().share())) {}

  static proxy::LiveOptions options(const std::shared_future<void>& released) {
    proxy::LiveOptions options;
    options.state_file = "/nowhere/state";
    options.save = [released](const std::string&, const std::string&) {
      released.wait();
      return rules::Result<void>();
    };
    return options;
  }
};

TEST_F(OnAHungDisk, ChangesAndHaltingDoNotWait) {
  EXPECT_EQ(get("/status").at("state_saved"), true);
  EXPECT_EQ(ask("PUT", "/rules/cut", kHang).status, 201);
  EXPECT_EQ(ask("POST", "/halt").status, 200);
  EXPECT_TRUE(engine_->halted());
  EXPECT_EQ(get("/status").at("state_saved"), false);
  release_.set_value();
  EXPECT_TRUE(live_.finish());
  EXPECT_EQ(get("/status").at("state_saved"), true);
}

// Names and addresses may contain any bytes. In a line of JSON they must be valid UTF-8.
TEST(Events, ANameThatIsNotUtf8GivesOneValidLine) {
  struct Lines final : proxy::EventSink {
    void submit(std::string lines) override { text += lines; }
    std::string text;
  } lines;
  proxy::Loop loop;
  proxy::EventBuffer buffer(&lines, loop);
  rules::FlowFacts flow;
  flow.listener = "\xff\n";
  flow.ordinal = 7;
  buffer.add(flow, "opened");
  buffer.add(flow, "handshake failed", "\xfe");
  buffer.add(flow);
  buffer.flush();
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 3);
  std::istringstream each(lines.text);
  for (std::string line; std::getline(each, line);) {
    EXPECT_EQ(nlohmann::json::parse(line).at("listener"), "\xef\xbf\xbd\n") << line;
  }
}

TEST_F(Live, TheEndOfALeaseUndoesItsChanges) {
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

TEST_F(Live, AChangeWithoutALeaseOutlivesAnEarlierLease) {
  const auto id = live_.take_lease("ci", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "cut", kHang, id));
  EXPECT_EQ(live_.lease_of("rule", "cut"), "ci");
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","fault":{"type":"down"}})"));
  EXPECT_TRUE(live_.end_lease(id));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
}

TEST_F(Live, TheLastLeaseUndoesAllLeasedChangesOfARule) {
  const auto first = live_.take_lease("one", std::chrono::hours(1));
  const auto second = live_.take_lease("two", std::chrono::hours(1));
  EXPECT_TRUE(change("rule", "cut", kHang, first));
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","fault":{"type":"down"}})", second));
  EXPECT_TRUE(live_.end_lease(first));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  EXPECT_TRUE(live_.end_lease(second));
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse"));
}

TEST_F(Live, ADisabledRuleIsListedButNotLoaded) {
  EXPECT_TRUE(change("rule", "slow", R"({"name":"slow","enabled":false,"fault":{"type":"down"}})"));
  EXPECT_THAT(rules(), testing::ElementsAre("refuse"));
  EXPECT_NE(rules::find_table(live_.document(), "rule", "slow"), nullptr);
}

TEST_F(Live, ADisabledListenerIsClosed) {
  EXPECT_TRUE(
      change("listener", "chat",
             R"({"name":"chat","listen":"127.0.0.1:0","upstream":"server","enabled":false})"));
  EXPECT_TRUE(engine_->listeners().empty());
}

TEST_F(Live, RulesCanBeAddedWhileHalted) {
  engine_->halt();
  EXPECT_TRUE(change("rule", "cut", kHang));
  EXPECT_TRUE(engine_->halted());
  EXPECT_THAT(rules(), testing::ElementsAre("slow", "refuse", "cut"));
  engine_->resume();
  EXPECT_FALSE(engine_->halted());
}

class Capped : public Live {
 protected:
  Capped() : Live(with(std::chrono::seconds(5))) {}
};

TEST_F(Capped, MaxFaultTimeBoundsEveryRulesDuration) {
  EXPECT_TRUE(change("rule", "cut", R"({"name":"cut","duration":"1s","fault":{"type":"down"}})"));
  std::vector<rules::Duration> times;
  for (const auto& rule : engine_->rules().rules()) times.push_back(*rule->schedule.duration);
  EXPECT_THAT(times, testing::ElementsAre(std::chrono::seconds(5), std::chrono::seconds(5),
                                          std::chrono::seconds(1)));
}

}  // namespace
}  // namespace brownout::test
