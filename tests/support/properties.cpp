#include "tests/support/properties.h"

#include <vector>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

// Test input has its own random number generator, and does not depend on Dice, the one under test.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2654435761U + 12345) {}
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % n;
  }

 private:
  std::uint64_t state_;
};

struct Input {
  struct Piece {
    Duration at;
    std::string bytes;
  };
  std::vector<Piece> pieces;
  std::string all;
  Duration fin_at{};
};

Input make_input(std::uint64_t seed) {
  Random random(seed);
  Input input;
  Duration at{};
  const auto count = 1 + random.below(40);
  for (std::uint64_t i = 0; i < count; ++i) {
    at += Duration(static_cast<std::int64_t>(random.below(3) == 0 ? 0 : random.below(200'000'000)));
    std::string bytes(1 + random.below(random.below(4) == 0 ? 9000 : 200), '\0');
    for (auto& byte : bytes) byte = static_cast<char>('a' + random.below(26));
    input.all += bytes;
    input.pieces.push_back({at, std::move(bytes)});
  }
  input.fin_at = at + std::chrono::milliseconds(random.below(50));
  return input;
}

struct Outcome {
  std::string bytes;
  std::string notes;
  std::string endings;  // "<FIN>", "<CLOSE>" and "<RST>" in order
  std::string violation;
  std::uint64_t injected = 0;
};

Outcome play(const std::shared_ptr<const rules::RuleSet>& set, const Input& input, bool coarsely) {
  // Each run has its own rule set, because rules share counters and rate limits between
  // connections.
  std::vector<rules::Rule> copies;
  for (const auto& rule : set->rules()) copies.push_back(*rule);
  const auto own = rules::RuleSet::activate(copies, set->seed(), Instant{});
  VirtualWorld world(own, flow_of(), rules::Direction::kUpstream);
  Outcome outcome;
  std::size_t sent = 0;
  const auto check_account = [&] {
    const auto out = world.bytes_out();
    const auto inside = world.chain().held();
    const bool ended = !world.left().empty() && world.left().back().is_event;
    if (!ended && out + inside > sent && outcome.violation.empty()) {
      outcome.violation = "more bytes out and held than came in";
    }
  };
  for (const auto& piece : input.pieces) {
    world.at(piece.at).send(piece.bytes).call([&sent, &piece, check_account] {
      sent += piece.bytes.size();
      check_account();
    });
  }
  world.at(input.fin_at).send_fin();
  world.at(std::chrono::minutes(10)).call([&world, &outcome] {
    world.chain().set_rules({}, Instant(std::chrono::minutes(10)));
    if (world.chain().held() != 0)
      outcome.violation = "bytes are held after the rules were removed";
  });
  coarsely ? world.run_coarsely() : world.run();
  outcome.bytes = world.bytes();
  outcome.notes = world.notes();
  for (const auto& rule : own->rules()) outcome.injected += rule->state->injected.load();
  for (std::size_t i = 0; i < world.left().size(); ++i) {
    const auto& what = world.left()[i].what;
    const auto before = outcome.endings;
    if (world.left()[i].is_event) outcome.endings += what;
    // A half-closed connection may still be closed as a whole.
    const bool allowed =
        before.empty() || (before == "<FIN>" && (what == "<CLOSE>" || what == "<RST>"));
    if (!allowed) outcome.violation = "there was output after " + before;
  }
  return outcome;
}

}  // namespace

std::string find_violation(const std::shared_ptr<const rules::RuleSet>& set,
                           const Expectations& expected, std::uint64_t seed, std::uint64_t* acted) {
  const auto input = make_input(seed);
  const auto fine = play(set, input, false);
  const auto again = play(set, input, false);
  const auto coarse = play(set, input, true);
  if (acted != nullptr) *acted += fine.injected;
  if (!fine.violation.empty()) return fine.violation;
  if (fine.bytes != again.bytes || fine.notes != again.notes || fine.endings != again.endings) {
    return "the same seed gave a different result";
  }
  if (fine.bytes != coarse.bytes || fine.notes != coarse.notes || fine.endings != coarse.endings) {
    return "one big step of time gave a different result than many small ones";
  }
  if (!expected.keeps_bytes) return {};
  if (fine.bytes != input.all) {
    return fine.bytes.size() < input.all.size() ? "bytes were lost"
                                                : "bytes were altered or reordered";
  }
  if (fine.endings != "<FIN>") return "the end of the stream was not forwarded: " + fine.endings;
  return {};
}

}  // namespace brownout::test
