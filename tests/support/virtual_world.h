// VirtualWorld runs the rules of one connection in virtual time. A test schedules input, runs the
// world, and compares a log of the output. Nothing sleeps, and there are no sockets.
//
//   VirtualWorld world(R"([[rule]]
//   fault = { type = "latency", delay = "300ms" })");
//   world.at(5ms).send("hello");
//   world.run();
//   EXPECT_EQ(world.log(), "305ms hello\n");
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rules/engine/chain.h"
#include "rules/engine/plan.h"
#include "rules/engine/rule_set.h"
#include "rules/language/config.h"

namespace brownout::test {

using namespace std::chrono_literals;
using rules::Duration;
using rules::Instant;

// Loads `rules_text` after adding a listener "chat" and an upstream. Throws an exception that no
// test catches if the text has errors.
rules::Config config_of(const std::string& rules_text, const std::string& protocol = "tcp",
                        const std::string& listener_keys = "");
// The same with a listener that intercepts by TPROXY.
rules::Config intercepted_config_of(const std::string& rules_text);
// The first error in `rules_text`, or "".
std::string first_problem_of(const std::string& rules_text, const std::string& protocol = "tcp");

// Loads `rules_text` like config_of(), with the files that it names: their paths and texts.
using Files = std::map<std::string, std::string>;
rules::Config config_with(const Files& files, const std::string& rules_text,
                          const std::string& protocol = "tcp");
std::string first_problem_with(const Files& files, const std::string& rules_text,
                               const std::string& protocol = "tcp");

rules::FlowFacts flow_of(std::uint64_t ordinal = 1, const std::string& client = "10.1.2.3",
                         rules::Carrier carrier = rules::Carrier::kStream);

class VirtualWorld final : public rules::ChainOutput {
 public:
  struct Left {
    Instant at;
    std::string what;  // the bytes, or "<FIN>", "<CLOSE>" or "<RST>"
    // True for the events <FIN>, <CLOSE> and <RST>. Corrupted bytes may have the same text, but are
    // no event.
    bool is_event = false;
  };

  explicit VirtualWorld(const std::string& rules_text,
                        rules::Direction direction = rules::Direction::kUpstream,
                        std::uint64_t seed = 1, std::uint64_t ordinal = 1);
  // Uses an active rule set. Several worlds may share it, as connections of a proxy do.
  VirtualWorld(std::shared_ptr<const rules::RuleSet> set, rules::FlowFacts flow,
               rules::Direction direction);

  // A world with a UDP listener; each send() is a datagram.
  static VirtualWorld of_datagrams(const std::string& rules_text, std::uint64_t seed = 1);

  VirtualWorld& at(Duration when);
  VirtualWorld& send(std::string bytes);
  VirtualWorld& send_fin();
  // Replaces the rules.
  VirtualWorld& reload(const std::string& rules_text);
  VirtualWorld& call(std::function<void()> action);
  // Runs all input from deadline to deadline, and continues until `until`, counted from zero.
  void run(Duration until = std::chrono::hours(10));
  // Does the same as run(), but the time advances only once between two inputs.
  void run_coarsely(Duration until = std::chrono::hours(10));

  const std::vector<Left>& left() const { return left_; }
  std::string bytes() const;  // the joined output
  std::string log() const;    // such as "305ms hello\n400ms <FIN>\n"
  std::string notes() const;  // such as "delay 300ms 5 bytes #0\n"
  std::size_t bytes_out() const { return bytes_out_; }
  std::size_t most_held() const { return most_held_; }
  rules::Chain& chain() { return *chain_; }
  const rules::RuleState& state(std::size_t rule = 0) const { return *set_->rules()[rule]->state; }
  std::shared_ptr<const rules::RuleSet> set() const { return set_; }

  // Functions of ChainOutput.
  void emit(rules::Chunk chunk) override;
  void finish() override { left_.push_back({now_, "<FIN>", true}); }
  void close(rules::Close how) override {
    left_.push_back({now_, how == rules::Close::kFin ? "<CLOSE>" : "<RST>", true});
  }
  bool resets_after_data() const override { return true; }
  void answer(std::string_view bytes) override {
    left_.push_back({now_, "<ANSWER> " + std::string(bytes.substr(0, bytes.find('\r'))), true});
  }
  void injected(const rules::Rule& rule, rules::Direction direction,
                const rules::Note& note) override;

 private:
  void play(Duration until, bool coarsely);
  void advance(Instant now, bool coarsely);

  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts flow_;
  rules::FlowActivity activity_;
  std::vector<rules::RuleRef> rules_;
  std::unique_ptr<rules::Chain> chain_;
  std::multimap<Instant, std::function<void()>> script_;
  Instant cursor_{};
  Instant now_{};
  std::vector<Left> left_;
  std::string notes_;
  std::size_t most_held_ = 0;
  std::size_t bytes_out_ = 0;
};

}  // namespace brownout::test
