// Tests that replies stay paired with their commands while random rules drop, copy, delay, reorder
// and refuse them. The k-th reply to the client must answer its k-th command, or be a rule's
// refusal. The server answers every command in order. Both streams are cut at random places.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/redis/codec/redis_values.h"
#include "tests/support/redis_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

// A client and a server connected by a MessageTunnel. Each command has its number in its key, and
// its reply repeats the key.
class RedisWorld final : messages::MessageTunnel::Owner {
 public:
  RedisWorld(const std::string& rules, std::uint64_t seed)
      : random_(seed),
        config_(config_of(rules, "redis")),
        set_(rules::RuleSet::activate(config_.rules, seed, {})),
        tunnel_(static_cast<messages::MessageTunnel::Owner&>(*this),
                messages::codec_of(config_.listeners.front()), flow_of(1)) {
    tunnel_.set_rules(*set_, now_);
  }

  // Runs a random conversation. Returns the violation found, or "".
  std::string run() {
    for (int i = 0; i < 60 && wrong_.empty(); ++i) turn();
    advance(std::chrono::seconds(10));
    if (wrong_.empty() && !reports_.empty()) return reports_;
    return wrong_;
  }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t asked() const { return last_; }
  std::uint64_t injected() const { return injected_; }

 private:
  void turn() {
    std::string burst;
    for (auto commands = 1 + random_() % 4; commands > 0; --commands) {
      burst += next_command();
    }
    send(Direction::kUpstream, burst);
    serve();
    advance(std::chrono::milliseconds(random_() % 50));
    serve();
  }
  std::string next_command() {
    return redis_array_of((random_() % 2 == 0 ? "GET k" : "INCR k") + std::to_string(++last_));
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
    while (!replies_.empty()) send(Direction::kDownstream, std::exchange(replies_, {}));
  }
  void send(Direction direction, std::string_view bytes) {
    const auto most = std::array<std::size_t, 3>{1, 10, 500}[random_() % 3];
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, 1 + random_() % most);
      bytes.remove_prefix(part.size());
      tunnel_.push(direction, codecs::bytes_of(part), now_);
      // A client may send a command in the middle of a reply.
      const bool interrupts = direction == Direction::kDownstream && random_() % 10 == 0;
      if (interrupts) tunnel_.push(Direction::kUpstream, codecs::bytes_of(next_command()), now_);
    }
  }

  void tunnel_bytes(Direction direction, codecs::ByteView bytes) override {
    auto& scan = direction == Direction::kUpstream ? server_ : client_;
    while (!bytes.empty() && wrong_.empty()) {
      const auto step = scan.next(bytes);
      if (!step.broken.empty()) wrong_ = "malformed: " + std::string(step.broken);
      bytes = bytes.subspan(step.taken);
      if (!step.ended) continue;
      direction == Direction::kUpstream ? answer(scan.parts()) : check(scan.parts().front().text);
    }
  }
  // Sometimes an unsolicited push precedes the reply.
  void answer(codecs::RedisParts parts) {
    if (random_() % 8 == 0) replies_ += ">2\r\n$10\r\ninvalidate\r\n_\r\n";
    replies_ += redis_bulk(parts[2].text);
  }
  void check(const std::string& text) {
    if (text.empty()) return;  // ignores a push
    ++answered_;
    if (text != "k" + std::to_string(answered_) && text != "ERR refused") {
      wrong_ = "command " + std::to_string(answered_) + " was answered " + text;
    }
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
  codecs::RedisScan client_{codecs::RedisScan::Of::kServer};
  codecs::RedisScan server_{codecs::RedisScan::Of::kClient};
  std::string replies_;
  std::uint64_t last_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t injected_ = 0;
  std::string wrong_;
  std::string reports_;
  messages::MessageTunnel tunnel_;
};

std::string redis_rule(const std::string& match, const std::string& chance,
                       const std::string& fault) {
  return "[[rule]]\nmatch = { " + match + " }\nprobability = \"" + chance +
         "\"\nper = \"message\"\nfault = { type = " + fault + " }\n";
}

struct RedisCase {
  std::string rules;
  bool all = true;  // every command must have been answered at the end
};

const std::vector<RedisCase>& redis_cases() {
  const std::string up = "direction = \"upstream\"";
  const std::string down = "direction = \"downstream\"";
  const auto refuses = redis_rule("command = \"incr\"", "40%", "\"reject\"");
  const auto waits = redis_rule(down, "50%", "\"delay\", delay = \"20ms\"");
  const auto copies = redis_rule(up, "30%", "\"duplicate\", share = \"100%\"");
  const auto reorders = redis_rule(up, "100%", R"("reorder", share = "30%", delay = "30ms")");
  const auto mixes = redis_rule(down, "100%", R"("reorder", share = "30%", delay = "30ms")");
  static const std::vector<RedisCase> cases{
      {""},
      {refuses},
      {refuses + waits},
      {redis_rule(up + ", command = \"incr\"", "40%", "\"reject\"")},
      {waits + redis_rule(up, "50%", "\"delay\", delay = \"30ms\"") + refuses},
      {copies},
      {copies + refuses + waits},
      {refuses + copies},
      {reorders},
      {mixes},
      {reorders + mixes + refuses + copies},
      {redis_rule("reply = \"push\"", "50%", "\"drop\"") + refuses},
      {redis_rule(up, "2%", "\"drop\"") + refuses + copies, false},
      {redis_rule(down, "2%", "\"ack_loss\"") + refuses + copies, false}};
  return cases;
}

TEST(RedisProperties, KthReplyAnswersKthCommand) {
  for (std::size_t i = 0; i < redis_cases().size(); ++i) {
    const auto& given = redis_cases()[i];
    std::uint64_t injected = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      RedisWorld world(given.rules, seed);
      ASSERT_EQ(world.run(), "") << "case " << i << ", seed " << seed;
      if (given.all) {
        ASSERT_EQ(world.answered(), world.asked()) << "case " << i << ", seed " << seed;
      }
      injected += world.injected();
    }
    EXPECT_EQ(injected > 0, i > 0) << "case " << i;
  }
}

// Duplicated replies break the order, which proves that the check detects violations.
TEST(RedisProperties, DetectDuplicatedReplies) {
  RedisWorld world(redis_rule("direction = \"downstream\", reply = \"bulk\"", "10%",
                              "\"duplicate\", share = \"100%\""),
                   3);
  EXPECT_NE(world.run(), "");
}

}  // namespace
}  // namespace brownout::test
