// Generates random conversations of a messaging protocol: a valid opening, then messages with their
// acknowledgements and answers, in both directions. Everything is derived from a seed.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rules/protocols/codec/message_codec.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

// The protocol of a conversation, and the listener that it needs.
struct Speech {
  std::string name;
  std::string listener;    // protocol of the listener
  std::string keys = {};   // further keys of the listener
  std::uint8_t level = 0;  // MQTT protocol level

  std::unique_ptr<messages::MessageCodec> codec() const;

  mutable std::shared_ptr<rules::Config> config = {};  // loaded on first use
};
const std::vector<Speech>& all_speeches();

struct Said {
  Duration at{};
  rules::Direction direction{};
  std::string bytes;
};
// Each list is ordered by time.
struct Dialogue {
  std::vector<Said> opening;
  std::vector<Said> rest;
  std::vector<Said> farewell;  // the last messages of each direction
};
Dialogue make_talk(const Speech& speech, std::uint64_t seed);

// Collects the messages of a conversation, with the time and the random numbers for them.
class Talker {
 public:
  explicit Talker(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  rules::Direction any_direction() {
    return chance(50) ? rules::Direction::kUpstream : rules::Direction::kDownstream;
  }
  // Random text that is never repeated.
  std::string words();
  std::uint64_t next_number() { return ++number_; }

  void client(std::string bytes) { say(rules::Direction::kUpstream, std::move(bytes)); }
  void server(std::string bytes) { say(rules::Direction::kDownstream, std::move(bytes)); }
  void say(rules::Direction direction, std::string bytes) {
    said_.push_back({at_, direction, std::move(bytes)});
  }
  void pause(Duration most) {
    at_ += Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most.count()))));
  }
  std::vector<Said> take() { return std::exchange(said_, {}); }

 private:
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  Duration at_{};
  std::vector<Said> said_;
};

// Generates the messages of one protocol.
class Partners {
 public:
  virtual ~Partners() = default;
  virtual void open(Talker&) {}
  // Adds some related messages, such as a request and its answer.
  virtual void turn(Talker& talker) = 0;
  virtual std::string message(Talker& talker, rules::Direction direction) = 0;
};
std::unique_ptr<Partners> mqtt_partners(std::uint8_t level);

}  // namespace brownout::test
