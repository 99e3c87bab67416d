// Tests that replies stay paired with their commands while random rules drop, copy, delay, reorder
// and refuse them. The k-th reply to the client must answer its k-th command, or be a rule's
// refusal. The server answers every command in order. Both streams are cut at random places.
#include <gtest/gtest.h>

#include "rules/protocols/redis/codec/redis_values.h"
#include "tests/support/paired_world.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

// Each command has its number in its key, and its reply repeats the key.
class RedisWorld final : public PairedWorld {
 public:
  RedisWorld(const std::string& rules, std::uint64_t seed) : PairedWorld(rules, "redis", seed) {}

  bool all_answered() const { return answered_ == last_; }

 private:
  std::string next_request() override {
    return redis_array_of((random_() % 2 == 0 ? "GET k" : "INCR k") + std::to_string(++last_));
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
    if (random_() % 8 == 0) responses_ += ">2\r\n$10\r\ninvalidate\r\n_\r\n";
    responses_ += redis_bulk(parts[2].text);
  }
  void check(const std::string& text) {
    if (text.empty()) return;  // ignores a push
    ++answered_;
    if (text != "k" + std::to_string(answered_) && text != "ERR refused") {
      wrong_ = "command " + std::to_string(answered_) + " was answered " + text;
    }
  }

  codecs::RedisScan client_{codecs::RedisScan::Of::kServer};
  codecs::RedisScan server_{codecs::RedisScan::Of::kClient};
  std::uint64_t last_ = 0;
  std::uint64_t answered_ = 0;
};

const std::vector<PairedCase>& redis_cases() {
  const std::string up = "direction = \"upstream\"";
  const std::string down = "direction = \"downstream\"";
  const auto refuses = paired_rule("command = \"incr\"", "40%", "\"reject\"");
  const auto waits = paired_rule(down, "50%", "\"delay\", delay = \"20ms\"");
  const auto copies = paired_rule(up, "30%", "\"duplicate\", share = \"100%\"");
  const auto reorders = paired_rule(up, "100%", R"("reorder", share = "30%", delay = "30ms")");
  const auto mixes = paired_rule(down, "100%", R"("reorder", share = "30%", delay = "30ms")");
  static const std::vector<PairedCase> cases{
      {""},
      {refuses},
      {refuses + waits},
      {paired_rule(up + ", command = \"incr\"", "40%", "\"reject\"")},
      {waits + paired_rule(up, "50%", "\"delay\", delay = \"30ms\"") + refuses},
      {copies},
      {copies + refuses + waits},
      {refuses + copies},
      {reorders},
      {mixes},
      {reorders + mixes + refuses + copies},
      {paired_rule("reply = \"push\"", "50%", "\"drop\"") + refuses},
      {paired_rule(up, "2%", "\"drop\"") + refuses + copies, false},
      {paired_rule(down, "2%", "\"ack_loss\"") + refuses + copies, false}};
  return cases;
}

TEST(RedisProperties, KthReplyAnswersKthCommand) { expect_paired<RedisWorld>(redis_cases()); }

// Duplicated replies break the order, which proves that the check detects violations.
TEST(RedisProperties, DetectDuplicatedReplies) {
  RedisWorld world(paired_rule("direction = \"downstream\", reply = \"bulk\"", "10%",
                               "\"duplicate\", share = \"100%\""),
                   3);
  EXPECT_NE(world.run(), "");
}

}  // namespace
}  // namespace brownout::test
