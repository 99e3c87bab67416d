// Tests that responses stay paired with their requests while random rules drop, copy, delay,
// reorder and refuse them. The k-th response to the client must have the k-th correlation id that
// gets one. The broker answers every request in order. Both streams are cut at random places.
#include <gtest/gtest.h>

#include <deque>

#include "rules/protocols/kafka/kafka_wire.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/paired_world.h"

namespace brownout::test {
namespace {

class KafkaWorld final : public PairedWorld {
 public:
  KafkaWorld(const std::string& rules, std::uint64_t seed) : PairedWorld(rules, "kafka", seed) {
    interruptions_ = 30;
  }

  bool all_answered() const { return expected_.empty(); }

 private:
  std::string next_request() override {
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

  std::string at_broker_;
  std::string at_client_;
  std::deque<int> expected_;  // correlation ids of requests without a response
  int last_ = 0;
};

const std::vector<PairedCase>& kafka_cases() {
  const std::string up = "direction = \"upstream\"";
  const std::string down = "direction = \"downstream\"";
  const auto refuses = paired_rule("api = [\"Heartbeat\", \"Produce\"]", "40%", "\"reject\"");
  const auto errs =
      paired_rule("topic = \"orders\"", "40%",
                  "\"kafka_error\", error = \"REQUEST_TIMED_OUT\", after_append = true");
  const auto waits = paired_rule(down, "50%", "\"delay\", delay = \"20ms\"");
  const auto copies = paired_rule(up, "30%", "\"duplicate\", share = \"100%\"");
  const auto reorders = paired_rule(up, "100%", R"("reorder", share = "30%", delay = "30ms")");
  const auto mixes = paired_rule(down, "100%", R"("reorder", share = "30%", delay = "30ms")");
  static const std::vector<PairedCase> cases{
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
      {paired_rule("api = \"Metadata\"", "30%", "\"kafka_broker_down\", node = 2") + refuses},
      {paired_rule("key = \"a\"", "60%", R"("kafka_records", how = "drop", share = "70%")") +
       waits},
      {paired_rule("key = \"b\"", "60%", R"("kafka_records", how = "duplicate")") + reorders},
      {paired_rule(up, "5%", "\"drop\""), false},
      {paired_rule(down, "5%", "\"drop\"") + refuses, false},
      {paired_rule(down, "5%", "\"ack_loss\"") + copies + reorders, false}};
  return cases;
}

TEST(KafkaProperties, ResponsesStayPairedWithTheirRequests) {
  expect_paired<KafkaWorld>(kafka_cases());
}

}  // namespace
}  // namespace brownout::test
