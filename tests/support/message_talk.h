// Generates random conversations of a messaging protocol: a valid opening, followed by messages
// with their acknowledgements and answers in both directions. The seed determines everything.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rules/protocols/codec/message_codec.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

// A protocol, and the listener that parses it.
struct ProtocolSetup {
  std::string name;
  std::string listener;    // the listener's protocol
  std::string keys = {};   // further keys of the listener, in TOML
  std::uint8_t level = 0;  // MQTT protocol level

  std::unique_ptr<messages::MessageCodec> codec() const;

  mutable std::shared_ptr<rules::Config> config = {};  // loaded on first use
};
const std::vector<ProtocolSetup>& all_protocol_setups();

struct SentMessage {
  Duration at{};
  rules::Direction direction{};
  std::string bytes;
};
// A conversation in three parts. Each list is ordered by time.
struct MessageScript {
  std::vector<SentMessage> opening;
  std::vector<SentMessage> rest;
  std::vector<SentMessage> farewell;  // the last messages in each direction
};
MessageScript make_script(const ProtocolSetup& setup, std::uint64_t seed);

// Collects the messages of a conversation. Provides the current time and random numbers to
// generators.
class ConversationWriter {
 public:
  explicit ConversationWriter(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  rules::Direction any_direction() {
    return chance(50) ? rules::Direction::kUpstream : rules::Direction::kDownstream;
  }
  // Random text that differs in every call.
  std::string words();
  std::uint64_t next_number() { return ++number_; }

  void client(std::string bytes) { send(rules::Direction::kUpstream, std::move(bytes)); }
  void server(std::string bytes) { send(rules::Direction::kDownstream, std::move(bytes)); }
  void send(rules::Direction direction, std::string bytes) {
    sent_.push_back({at_, direction, std::move(bytes)});
  }
  void pause(Duration most) {
    at_ += Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most.count()))));
  }
  std::vector<SentMessage> take() { return std::exchange(sent_, {}); }

 private:
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  Duration at_{};
  std::vector<SentMessage> sent_;
};

// Generates the messages of one protocol.
class MessageGenerator {
 public:
  virtual ~MessageGenerator() = default;
  virtual void open(ConversationWriter&) {}
  // Adds some related messages, such as a request and its answer.
  virtual void turn(ConversationWriter& writer) = 0;
  virtual std::string message(ConversationWriter& writer, rules::Direction direction) = 0;
};
std::unique_ptr<MessageGenerator> mqtt_generator(std::uint8_t level);

}  // namespace brownout::test
