#include "rules/faults/hold_until.h"

#include <utility>
#include <vector>

namespace brownout::rules {
namespace {

struct Settings {
  Match passes;
  Duration most = std::chrono::seconds(60);
};

// What matches `passes` is never held itself.
class HoldUntilStage final : public Stage {
 public:
  explicit HoldUntilStage(const Settings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (frees(chunk)) return pass(std::move(chunk), now, out);
    out.note(
        {.action = "hold", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    if (queue_.empty()) until_ = later(now, settings_.most);
    held_ += chunk.size();
    queue_.push_back(std::move(chunk));
  }
  void pass(Chunk chunk, Instant now, Output& out) override {
    const bool last = chunk.message() != nullptr && chunk.message()->ends_conversation();
    if (last) release(now, out);
    const bool free = frees(chunk);
    out.emit(std::move(chunk), now);
    if (free) release(now, out);
  }
  void finish(Instant now, Output& out) override {
    release(now, out);
    out.finish(now);
  }
  void wake(Instant now, Output& out) override { release(now, out); }
  void release(Instant now, Output& out) override {
    until_ = kNever;
    held_ = 0;
    for (auto& chunk : std::exchange(queue_, {})) out.emit(std::move(chunk), now);
  }
  Instant deadline() const override { return until_; }
  std::size_t held() const override { return held_; }

 private:
  bool frees(const Chunk& chunk) const {
    return chunk.message() != nullptr && settings_.passes.matches(*chunk.message(), chunk.bytes());
  }

  Settings settings_;
  std::vector<Chunk> queue_;  // those without a payload, too
  std::size_t held_ = 0;
  Instant until_ = kNever;
  std::uint64_t count_ = 0;
};

class HoldUntil final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit HoldUntil(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        nested<Settings>("passes", "table",
                         "what must pass first, in the same direction: the keys of match that are "
                         "of messages",
                         [](const Node& node, Settings& settings, Diagnostics& problems) {
                           settings.passes = match_schema().read(node, "passes", problems);
                         }),
        field("most", &Settings::most, "how long it waits at most",
              {.least = std::chrono::milliseconds(1), .most = std::chrono::hours(24)}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const auto* passes = table.find("passes");
    const auto& match = settings.passes;
    if (passes == nullptr || !match.is_for_messages()) {
      problems.add(position_of(table, "passes"), "hold_until needs to know what it waits for",
                   "e.g. passes = { packet = \"pingreq\" }");
      return;
    }
    for (const std::string_view key : {"listener", "client", "destination", "port", "direction",
                                       "first", "after", "every", "host"}) {
      if (passes->find(key) == nullptr) continue;
      problems.add(position_of(*passes, key), std::string(key) + " is not of one message",
                   "write it in match");
    }
    if (match.is_for_dns() || match.is_for_http() || match.is_for_tls()) {
      problems.add(passes->where, "what passes is a message of the connection",
                   "keys like packet, topic, stanza, kind and text say which");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<HoldUntilStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kHoldUntil = describe<HoldUntil>(
    {.name = "hold_until",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .summary =
         "Messages wait until another one has passed, which overtakes them. A correct client "
         "relies on no order that the protocol does not promise.",
     .magnitude = "message, one way",
     .composition = "each rule holds for itself",
     .source = {}});

}  // namespace brownout::rules
