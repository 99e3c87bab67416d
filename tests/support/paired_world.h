// PairedWorld: a client and a server connected by a MessageTunnel, who hold a random conversation
// of requests and responses. Both streams are cut at random places. A subclass makes the requests,
// answers them, and says what is wrong with the responses.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class PairedWorld : protected messages::MessageTunnel::Owner {
 public:
  PairedWorld(const std::string& rules, const std::string& protocol, std::uint64_t seed)
      : random_(seed),
        config_(config_of(rules, protocol)),
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
  std::uint64_t injected() const { return injected_; }

 protected:
  using Direction = rules::Direction;

  virtual std::string next_request() = 0;

  std::mt19937_64 random_;
  std::string responses_;          // of the server, not sent yet
  int interruptions_ = 1'000'000;  // requests that may still come in the middle of a response
  std::string wrong_;

 private:
  void turn() {
    std::string burst;
    for (auto requests = 1 + random_() % 4; requests > 0; --requests) burst += next_request();
    send(Direction::kUpstream, burst);
    serve();
    advance(std::chrono::milliseconds(random_() % 50));
    serve();
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
      const bool interrupts =
          direction == Direction::kDownstream && interruptions_ > 0 && random_() % 10 == 0;
      if (!interrupts) continue;
      --interruptions_;
      tunnel_.push(Direction::kUpstream, codecs::bytes_of(next_request()), now_);
    }
  }

  void tunnel_finished(Direction) override {}
  void tunnel_closed(rules::Close) override { wrong_ = "closed"; }
  void tunnel_injected(const rules::Rule&, Direction, const rules::Note&) override { ++injected_; }
  void tunnel_report(std::string_view event, std::string_view why) override {
    reports_ += std::string(event) + ": " + std::string(why);
  }

  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::Instant now_{};
  std::uint64_t injected_ = 0;
  std::string reports_;
  messages::MessageTunnel tunnel_;
};

// A rule on messages with this chance for each of them.
inline std::string paired_rule(const std::string& match, const std::string& chance,
                               const std::string& fault) {
  return "[[rule]]\nmatch = { " + match + " }\nprobability = \"" + chance +
         "\"\nper = \"message\"\nfault = { type = " + fault + " }\n";
}

// The rules of one test case.
struct PairedCase {
  std::string rules;
  bool all = true;  // every request must have been answered at the end
};

// Runs conversations of a PairedWorld under each case. All but the case without rules must act.
template <class World>
void expect_paired(const std::vector<PairedCase>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::uint64_t injected = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      World world(cases[i].rules, seed);
      ASSERT_EQ(world.run(), "") << "case " << i << ", seed " << seed;
      if (cases[i].all) {
        ASSERT_TRUE(world.all_answered()) << "case " << i << ", seed " << seed;
      }
      injected += world.injected();
    }
    EXPECT_EQ(injected == 0, cases[i].rules.empty()) << "case " << i;
  }
}

}  // namespace brownout::test
