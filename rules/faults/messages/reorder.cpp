// reorder: some datagrams or messages overtake others. Models `reorder PERCENT CORRELATION gap N`
// of tc-netem(8) with a delay. Every datagram waits for `delay`, except that each N-th leaves at
// once with the probability `share`.
#include <optional>
#include <utility>
#include <vector>

#include "rules/chance/distribution.h"
#include "rules/engine/datagram_queue.h"
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

struct ReorderSettings {
  Ratio share{};
  Ratio correlation{};
  std::int64_t gap = 1;
  std::optional<std::int64_t> window;
  Duration delay{};
};

// Whether the message is the last of its sender. The last message must not overtake others, because
// the receiver would no longer read them.
bool ends(const Chunk& chunk) {
  return chunk.message() != nullptr && chunk.message()->ends_conversation();
}

// Holds each datagram for `delay`. After at least `gap` - 1 held datagrams, a datagram is a
// candidate: it leaves at once if the random draw selects it (tc-netem(8), reorder).
class OvertakingStage final : public DatagramStage {
 public:
  OvertakingStage(const ReorderSettings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (ends(chunk)) queue_.release(now, out);
    const auto ordinal = datagrams_++;
    const bool candidate = ++since_ >= settings_.gap;
    if (candidate && draws_.next() < settings_.share.share() * intensity_.at(now)) {
      since_ = 0;
      if (held_any()) {
        out.note({.action = "overtake",
                  .bytes = static_cast<std::int64_t>(chunk.size()),
                  .ordinal = ordinal},
                 now);
      }
      return out.emit(std::move(chunk), now);
    }
    hold(std::move(chunk), later(now, settings_.delay), now, out);
  }

 private:
  bool held_any() const { return deadline() != kNever; }

  ReorderSettings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
  std::uint64_t datagrams_ = 0;
  std::int64_t since_ = 0;  // number of datagrams since the last that left at once
};

// Gathers `window` chunks, then emits them in a random order.
class ShufflingStage final : public Stage {
 public:
  ShufflingStage(const ReorderSettings& settings, const StageContext& context)
      : settings_(settings),
        intensity_(context.intensity),
        draws_(context.dice, settings.correlation),
        order_(context.dice.split("order")) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (ends(chunk)) {
      shuffle(now, out);
      return out.emit(std::move(chunk), now);
    }
    ++datagrams_;
    if (draws_.next() >= settings_.share.share() * intensity_.at(now)) {
      return out.emit(std::move(chunk), now);
    }
    if (gathered_.empty()) due_ = later(now, settings_.delay);
    held_ += chunk.size();
    gathered_.push_back(std::move(chunk));
    if (gathered_.size() == static_cast<std::size_t>(*settings_.window)) shuffle(now, out);
  }
  void finish(Instant now, Output& out) override {
    shuffle(now, out);
    out.finish(now);
  }
  void wake(Instant now, Output& out) override { shuffle(now, out); }
  void release(Instant now, Output& out) override { let_go(now, out); }
  Instant deadline() const override { return gathered_.empty() ? kNever : due_; }
  std::size_t held() const override { return held_; }
  std::size_t held_datagrams() const override { return gathered_.size(); }

 private:
  // Fisher-Yates shuffle in Durstenfeld's form (Algorithm 235, CACM 1964). The drawn order may be
  // the order of arrival, but the group has waited.
  void shuffle(Instant now, Output& out) {
    if (gathered_.empty()) return;
    for (auto left = gathered_.size(); left > 1; --left) {
      const auto last = static_cast<std::int64_t>(left) - 1;
      const auto chosen = order_.between(drawn_++, 0, last);
      if (chosen != last)
        std::swap(gathered_[static_cast<std::size_t>(chosen)], gathered_[left - 1]);
    }
    out.note({.action = "shuffle",
              .bytes = static_cast<std::int64_t>(held_),
              .ordinal = datagrams_ - gathered_.size()},
             now);
    let_go(now, out);
  }
  void let_go(Instant now, Output& out) {
    held_ = 0;
    for (auto& chunk : std::exchange(gathered_, {})) out.emit(std::move(chunk), now);
  }

  ReorderSettings settings_;
  Intensity intensity_;
  CorrelatedDraws draws_;
  Dice order_;
  std::vector<Chunk> gathered_;
  std::size_t held_ = 0;
  Instant due_{};
  std::uint64_t datagrams_ = 0;
  std::uint64_t drawn_ = 0;
};

class Reorder final : public MessageFault {
 public:
  using Settings = ReorderSettings;
  explicit Reorder(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("share", &Settings::share,
              "probability that a datagram or message is sent without a delay (see `gap`); all "
              "others wait for `delay`. With `window`: probability that it joins a group; all "
              "others are sent without a delay",
              {.required = true}),
        field("delay", &Settings::delay,
              "how long the datagrams or messages wait that are not sent at once. With `window`: "
              "longest time for which a group is collected, from its first datagram or message",
              {.least = Duration(1), .required = true}),
        field("gap", &Settings::gap,
              "at most one of this many consecutive datagrams or messages is sent at once: with 5, "
              "at "
              "least 4 that wait come between two that are sent at once. HTTP and DNS: only "
              "requests and "
              "answers whose number is a multiple of `gap` may be sent at once (requests are "
              "numbered on their connection, answers at their listener)",
              {.least = 1}),
        field("window", &Settings::window,
              "instead of `gap`: number of datagrams or messages in a group, which is then sent in "
              "random order. HTTP and DNS: all messages of a group have the same client address",
              {.least = 2, .most = 1000}),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the previous one (0%: not at all), as in tc-netem(8). "
              "HTTP and DNS: no effect without `window`"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.window && settings.gap == 1 && settings.share.share() >= 1.0) {
      problems.note(
          position_of(table, "share"),
          "with share = \"100%\" every message is sent at once, so the order never changes",
          "write a smaller share, gap = 5, or window = 3");
    }
    if (!settings.window || settings.gap == 1) return;
    problems.add(position_of(table, "gap"), "gap has no effect with window",
                 "leave one of them out");
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (settings_.window) return std::make_unique<ShufflingStage>(settings_, context);
    return std::make_unique<OvertakingStage>(settings_, context);
  }
  bool gathers() const override { return settings_.window.has_value(); }
  // Decides about one HTTP or DNS message, if the key `window` is not set. All other cases are
  // decided by the stages.
  Verdict judge(const Exchange& exchange) const override {
    const bool candidate = exchange.ordinal % static_cast<std::uint64_t>(settings_.gap) == 0;
    if (candidate && exchange.hits(settings_.share)) return Verdict::pass();
    return Verdict::wait(settings_.delay);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReorder = describe<Reorder>(
    {.name = "reorder",
     .level = Level::kBytes,
     .carriers = kDatagrams | kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .ramped = "`share` grows from 0% to its value",
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kRequest,
     .dns_part = ExchangePart::kResponse,
     .summary = "Some datagrams or messages are sent at once. They overtake the others, each of "
                "which waits for `delay`. With `window`, groups of datagrams or messages are "
                "collected, and each group is sent in random order.",
     .correct_client =
         "orders messages by a sequence number or time stamp in them, and relies on no order "
         "that the protocol does not guarantee",
     .unit = "datagram or message, in each direction; HTTP request; DNS answer",
     .composition = "the delays add up; each rule draws independently",
     .source = "tc-netem(8), reorder; RFC 8085, 3.3; MQTT 5.0, 4.6 (message ordering); RFC 7766, 7 "
               "(response reordering)"});

}  // namespace brownout::rules
