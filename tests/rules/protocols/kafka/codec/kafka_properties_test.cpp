// Tests that responses stay paired with their requests while random rules drop, copy, delay,
// reorder and refuse them. The k-th response to the client must have the k-th correlation id that
// gets one. The broker answers every request in order. Both streams are cut at random places.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/kafka/kafka_wire.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

// A client and a broker connected by a MessageTunnel.
class KafkaWorld final : messages::MessageTunnel::Owner {
 public:
  KafkaWorld(const std::string& rules, std::uint64_t seed)
      : random_(seed),
        config_(config_of(rules, "kafka")),
        set_(rules::RuleSet::activate(config_.rules, seed, {})),
        tunnel_(static_cast<messages::MessageTunnel::Owner&>(*this),
                messages::codec_of(config_.listeners.front()), flow_of(1)) {
    tunnel_.set_rules(*set_, now_);
  }

  // Runs a random conversation. Returns the violation found, or "".
  std::string run() {
    for (int i = 0; i < 60 && wrong_.empty(); ++i) turn();
    advance(std::chrono::seconds(10));
    return wrong_.empty() ? reports_ : wrong_;
  }
  bool all_answered() const { return expected_.empty(); }
  std::uint64_t injected() const { return injected_; }

 private:
  void turn() {
    std::string burst;
    for (auto requests = 1 + random_() % 4; requests > 0; --requests) burst += next_request();
    send(Direction::kUpstream, burst);
    serve();
    advance(std::chrono::milliseconds(random_() % 50));
    serve();
  }
  std::string next_request() {
    const int number = ++last_;
    const auto kind = random_() % 4;
    if (kind == 0) return kafka_produce(number, "orders", "records", 0);
    expected_.push_back(number);
    if (kind == 1) return kafka_heartbeat(number, "billing");
    if (kind == 2) return kafka_metadata(number);
    const std::string value(random_() % 100, 'x');
    return kafka_produce(number, "orders",
                         kafka_batch({{.key = "a", .value = value}, {.key = "b", .value = value}}));
  }
  void advance(rules::Duration time) {
    const auto until = now_ + time;
    while (tunnel_.deadline() <= until) {
      now_ = tunnel_.deadline();
      tunnel_.advance(now_);
      serve();
    }
    now_ = until;
  }
  void serve() {
    while (!responses_.empty()) send(Direction::kDownstream, std::exchange(responses_, {}));
  }
  void send(Direction direction, std::string_view bytes) {
    const auto most = std::array<std::size_t, 3>{1, 10, 500}[random_() % 3];
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, 1 + random_() % most);
      bytes.remove_prefix(part.size());
      tunnel_.push(direction, codecs::bytes_of(part), now_);
      // A client may send a request in the middle of a response.
      const bool interrupts =
          direction == Direction::kDownstream && interruptions_ > 0 && random_() % 10 == 0;
      if (!interrupts) continue;
      --interruptions_;
      tunnel_.push(Direction::kUpstream, codecs::bytes_of(next_request()), now_);
    }
  }

  void tunnel_bytes(Direction direction, codecs::ByteView bytes) override {
    auto& received = direction == Direction::kUpstream ? at_broker_ : at_client_;
    received += codecs::text_of(bytes);
    while (received.size() >= 4) {
      rules::KafkaBytesReader from(codecs::bytes_of(received));
      const auto size = static_cast<std::size_t>(from.number(4));
      if (received.size() < 4 + size) return;
      direction == Direction::kUpstream ? answer(from) : check(from);
      received.erase(0, 4 + size);
    }
  }
  void answer(rules::KafkaBytesReader& request) {
    const auto key = request.number(2);
    request.number(2);
    const auto number = static_cast<int>(request.number(4));
    request.take(static_cast<std::size_t>(request.number(2)));
    if (key == 12) responses_ += kafka_heartbeat_reply(number);
    if (key == 3) responses_ += kafka_orders(number, 2);
    if (key != 0) return;
    request.number(2);  // transactional id
    if (request.number(2) != 0) responses_ += kafka_produced(number, "orders", number);
  }
  void check(rules::KafkaBytesReader& response) {
    const auto number = response.number(4);
    if (expected_.empty() || expected_.front() != number) {
      wrong_ = "response " + std::to_string(number) + " came in place of " +
               (expected_.empty() ? "none" : std::to_string(expected_.front()));
      return;
    }
    expected_.pop_front();
  }
  void tunnel_finished(Direction) override {}
  void tunnel_closed(rules::Close) override { wrong_ = "closed"; }
  void tunnel_injected(const rules::Rule&, Direction, const rules::Note&) override { ++injected_; }
  void tunnel_report(std::string_view event, std::string_view why) override {
    reports_ += std::string(event) + ": " + std::string(why);
  }

  std::mt19937_64 random_;
  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::Instant now_{};
  std::string at_broker_;
  std::string at_client_;
  std::string responses_;
  std::deque<int> expected_;  // correlation ids of requests without a response
  int last_ = 0;
  int interruptions_ = 30;  // that may still come
  std::uint64_t injected_ = 0;
  std::string wrong_;
  std::string reports_;
  messages::MessageTunnel tunnel_;
};

std::string kafka_rule(const std::string& match, const std::string& chance,
                       const std::string& fault) {
  return "[[rule]]\nmatch = { " + match + " }\nprobability = \"" + chance +
         "\"\nper = \"message\"\nfault = { type = " + fault + " }\n";
}

struct KafkaCase {
  std::string rules;
  bool all = true;  // every request must have been answered at the end
};

const std::vector<KafkaCase>& kafka_cases() {
  const std::string up = "direction = \"upstream\"";
  const std::string down = "direction = \"downstream\"";
  const auto refuses = kafka_rule("api = [\"Heartbeat\", \"Produce\"]", "40%", "\"reject\"");
  const auto errs =
      kafka_rule("topic = \"orders\"", "40%",
                 "\"kafka_error\", error = \"REQUEST_TIMED_OUT\", after_append = true");
  const auto waits = kafka_rule(down, "50%", "\"delay\", delay = \"20ms\"");
  const auto copies = kafka_rule(up, "30%", "\"duplicate\", share = \"100%\"");
  const auto reorders = kafka_rule(up, "100%", R"("reorder", share = "30%", delay = "30ms")");
  const auto mixes = kafka_rule(down, "100%", R"("reorder", share = "30%", delay = "30ms")");
  static const std::vector<KafkaCase> cases{
      {""},
      {refuses},
      {errs},
      {refuses + waits},
      {waits + refuses},
      {copies},
      {copies + refuses + waits},
      {reorders},
      {mixes},
      {reorders + mixes + copies + refuses + errs},
      {kafka_rule("api = \"Metadata\"", "30%", "\"kafka_broker_down\", node = 2") + refuses},
      {kafka_rule("key = \"a\"", "60%", R"("kafka_records", how = "drop", share = "70%")") + waits},
      {kafka_rule("key = \"b\"", "60%", R"("kafka_records", how = "duplicate")") + reorders},
      {kafka_rule(up, "5%", "\"drop\""), false},
      {kafka_rule(down, "5%", "\"drop\"") + refuses, false},
      {kafka_rule(down, "5%", "\"ack_loss\"") + copies + reorders, false}};
  return cases;
}

TEST(KafkaProperties, ResponsesStayPairedWithTheirRequests) {
  for (std::size_t which = 0; which < kafka_cases().size(); ++which) {
    const auto& tried = kafka_cases()[which];
    std::uint64_t injected = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      KafkaWorld world(tried.rules, seed);
      ASSERT_EQ(world.run(), "") << "case " << which << ", seed " << seed;
      if (tried.all) {
        ASSERT_TRUE(world.all_answered()) << "case " << which << ", seed " << seed;
      }
      injected += world.injected();
    }
    EXPECT_EQ(injected == 0, tried.rules.empty()) << "case " << which;
  }
}

}  // namespace
}  // namespace brownout::test
