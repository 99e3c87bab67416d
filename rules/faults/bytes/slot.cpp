// slot: holds packets and releases them in bursts ("slots"), as `slot` of tc-netem(8) does. A
// packet that arrives after the last slot begins a new one. The slot opens after a random time, and
// releases the packets that have arrived until then. If packets are left because the slot is full,
// another slot begins.
#include <algorithm>
#include <limits>

#include "rules/chance/dice.h"
#include "rules/chance/packet_cost.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

// Minimum time between slots. Shorter intervals would keep a worker busy with one connection, and
// are about as short as the error of a timer.
constexpr Duration kShortest = std::chrono::microseconds(100);

struct SlotSettings {
  Duration min{};
  std::optional<Duration> max;
  std::optional<std::int64_t> packets;
  std::optional<Bytes> bytes;
};

// The next slot: when it opens, and what it can still carry.
class Slots {
 public:
  Slots(const SlotSettings& settings, const StageContext& context)
      : settings_(settings), dice_(context.dice), intensity_(context.intensity) {}

  Instant opens() const { return opens_; }
  std::int64_t packets() const { return packets_; }
  std::int64_t bytes() const { return bytes_; }

  // Must be called when a packet arrives, and after packets have been released.
  void arrive(Instant now, Output& out) {
    if (opens_ < now) begin({}, now, out);
  }
  void use(std::int64_t packets, std::int64_t bytes, Instant now, Output& out) {
    packets_ -= packets;
    bytes_ -= bytes;
    if (packets_ <= 0 || bytes_ <= 0) begin(kShortest, now, out);
  }

 private:
  // Begins a slot, which opens after `least` at the earliest. (At the begin of a ramp, random times
  // may be near zero.)
  void begin(Duration least, Instant now, Output& out) {
    constexpr auto kUnlimited = std::numeric_limits<std::int64_t>::max();
    const auto longest = settings_.max.value_or(settings_.min);
    const Duration drawn(dice_.between(ordinal_, settings_.min.count(), longest.count()));
    const auto delay = std::max(scaled(drawn, intensity_.at(now)), std::min(drawn, least));
    opens_ = later(now, delay);
    packets_ = settings_.packets.value_or(kUnlimited);
    bytes_ = settings_.bytes.value_or(Bytes{kUnlimited}).count;
    out.note({.action = "slot", .delay = delay, .ordinal = ordinal_++}, now);
  }

  SlotSettings settings_;
  Dice dice_;
  Intensity intensity_;
  Instant opens_ = Instant::min();
  std::int64_t packets_ = 0;
  std::int64_t bytes_ = 0;
  std::uint64_t ordinal_ = 0;
};

class SlotStage : public Stage {
 public:
  SlotStage(const SlotSettings& settings, const StageContext& context)
      : slots_(settings, context) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (empty()) slots_.arrive(now, out);
    add(std::move(chunk));
    wake(now, out);
  }
  void wake(Instant now, Output& out) override {
    while (!empty() && slots_.opens() <= now && !out.full()) let_go(now, out);
    pass_end(now, out);
  }
  void finish(Instant now, Output& out) override {
    finished_ = true;
    pass_end(now, out);
  }
  void release(Instant now, Output& out) override {
    while (!empty() && !out.full()) out.emit(take(), now);
    pass_end(now, out);
  }
  Instant deadline() const override { return empty() ? kNever : slots_.opens(); }

 protected:
  Slots slots_;

 private:
  virtual bool empty() const = 0;
  virtual void add(Chunk chunk) = 0;
  virtual Chunk take() = 0;
  // Emits at least one packet, since the slot is open.
  virtual void let_go(Instant now, Output& out) = 0;

  void pass_end(Instant now, Output& out) {
    if (!finished_ || !empty()) return;
    finished_ = false;
    out.finish(now);
  }

  bool finished_ = false;
};

// A stream has no packets: it counts as full segments, and the last one may be shorter.
class StreamSlotStage final : public SlotStage {
 public:
  StreamSlotStage(const SlotSettings& settings, const StageContext& context)
      : SlotStage(settings, context) {
    // Without a limit of packets or bytes, slots must not throttle the stream, up to 10 Gbit/s.
    if (settings.packets || settings.bytes) return;
    const auto longest = std::chrono::duration<double>(settings.max.value_or(settings.min));
    allowance_ = static_cast<std::size_t>(std::min(longest.count() * 10e9 / 8, 1e12));
  }

  std::size_t held() const override { return queue_.bytes(); }
  std::size_t allowance() const override { return allowance_; }

 private:
  bool empty() const override { return queue_.empty(); }
  void add(Chunk chunk) override { queue_.push(std::move(chunk)); }
  Chunk take() override { return queue_.pop(); }
  void let_go(Instant now, Output& out) override {
    constexpr auto kSegment = PacketCost::kSegment;
    auto most = std::min<std::int64_t>(static_cast<std::int64_t>(queue_.bytes()), slots_.bytes());
    if (slots_.packets() < most / kSegment + 1) most = std::min(most, slots_.packets() * kSegment);
    auto left = static_cast<std::size_t>(most);
    while (left > 0) {
      Chunk part = queue_.pop(left);
      left -= part.size();
      out.emit(std::move(part), now);
    }
    slots_.use((most + kSegment - 1) / kSegment, most, now, out);
  }

  ChunkQueue queue_;
  std::size_t allowance_ = 0;
};

class DatagramSlotStage final : public SlotStage {
 public:
  using SlotStage::SlotStage;

  std::size_t held() const override { return held_; }
  std::size_t held_datagrams() const override { return queue_.size() - head_; }

 private:
  bool empty() const override { return head_ == queue_.size(); }
  void add(Chunk chunk) override {
    held_ += chunk.size();
    queue_.push_back(std::move(chunk));
  }
  Chunk take() override {
    Chunk chunk = std::move(queue_[head_++]);
    held_ -= chunk.size();
    if (head_ == queue_.size() || (head_ >= 64 && head_ * 2 >= queue_.size())) {
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return chunk;
  }
  // As in netem, the datagram that fills a slot leaves in it as a whole.
  void let_go(Instant now, Output& out) override {
    Chunk chunk = take();
    const auto bytes = static_cast<std::int64_t>(chunk.size());
    out.emit(std::move(chunk), now);
    slots_.use(1, bytes, now, out);
  }

  std::vector<Chunk> queue_;
  std::size_t head_ = 0;
  std::size_t held_ = 0;
};

class Slot final : public Fault {
 public:
  using Settings = SlotSettings;
  explicit Slot(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("min", &Settings::min, "shortest time until a slot opens",
              {.most = std::chrono::hours(24), .required = true}),
        field("max", &Settings::max,
              "longest time until a slot opens, at least 100us; `min` if left out",
              {.most = std::chrono::hours(24)}),
        field(
            "packets", &Settings::packets,
            "number of packets that leave in a slot: datagrams, or segments of 1460 B of a stream",
            {.least = 1}),
        field("bytes", &Settings::bytes,
              "number of bytes that leave in a slot; the datagram with which this number is "
              "exceeded still leaves",
              {.least = Bytes{1}}),
    }};
    return schema;
  }
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const auto max = settings.max.value_or(settings.min);
    if (max < settings.min) {
      problems.add(position_of(table, "max"),
                   "max " + to_text(max) + " is less than min " + to_text(settings.min),
                   "slots open after a time from min to max");
    } else if (max == Duration::zero()) {
      problems.add(position_of(table, "min"), "slots of 0s have no effect",
                   R"(e.g. min = "10ms", max = "30ms")");
    } else if (max < kShortest) {
      problems.add(position_of(table, settings.max ? "max" : "min"),
                   "slots of " + to_text(max) + " are shorter than " + to_text(kShortest) +
                       ": they would open more often than a timer can wake the proxy",
                   R"(e.g. min = "1ms")");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramSlotStage>(settings_, context);
    }
    return std::make_unique<StreamSlotStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlot = describe<Slot>(
    {.name = "slot",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .ramped = "the times until slots open grow from 0 to the values of `min` and `max`",
     .summary = "Data arrives in bursts: it is held until a slot opens, as on Wi-Fi, LTE and cable "
                "(DOCSIS), where a station waits for its turn to send.",
     .correct_client = "measures its rate over more than one burst, and buffers media for the "
                       "longest pause between bursts",
     .unit = "direction of a connection or UDP session",
     .composition =
         "the slots of each rule hold the data that leaves the slots of the previous rule",
     .source = "tc-netem(8), slot"});

}  // namespace brownout::rules
