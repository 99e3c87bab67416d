// Random conversations of a protocol with messages: a proper opening, then messages with their
// acknowledgements and answers, in both directions. All of it follows from a seed.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rules/protocols/codec/message_codec.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

// A protocol as both ends of a conversation speak it.
struct Speech {
  std::string name;
  std::string listener;    // of the configuration: its protocol
  std::string keys = {};   // and further keys
  std::uint8_t level = 0;  // of MQTT

  std::unique_ptr<messages::MessageCodec> codec() const;

  mutable std::shared_ptr<rules::Config> config = {};  // once it is needed
};
const std::vector<Speech>& all_speeches();

struct Said {
  Duration at{};
  rules::Direction direction{};
  std::string bytes;
};
// In the order of the instants.
struct Dialogue {
  std::vector<Said> opening;
  std::vector<Said> rest;
  std::vector<Said> farewell;  // the last messages of each direction
};
Dialogue make_talk(const Speech& speech, std::uint64_t seed);

// What the parts of a conversation are made with.
class Talker {
 public:
  explicit Talker(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  rules::Direction any_direction() {
    return chance(50) ? rules::Direction::kUpstream : rules::Direction::kDownstream;
  }
  // No two are the same.
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

// One protocol's part of it.
class Partners {
 public:
  virtual ~Partners() = default;
  virtual void open(Talker&) {}
  // Some messages that belong together.
  virtual void turn(Talker& talker) = 0;
  virtual std::string message(Talker& talker, rules::Direction direction) = 0;
};
std::unique_ptr<Partners> mqtt_partners(std::uint8_t level);

}  // namespace brownout::test
