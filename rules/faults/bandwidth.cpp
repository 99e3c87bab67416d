#include "rules/faults/bandwidth.h"

#include <algorithm>
#include <array>

#include "rules/client_table.h"
#include "rules/datagram_queue.h"
#include "rules/pacer.h"

namespace brownout::rules {
namespace {

enum class Shared { kConnection, kClient, kRule };

struct Settings {
  Rate rate{};
  Bytes burst{};
  Shared shared = Shared::kConnection;
  Bytes queue{128 << 10};
};

constexpr std::int64_t kPiecesPerSecond = 100;

// One pair of pacers: a limit holds in each direction.
using Pacers = std::array<Pacer, 2>;

struct SharedPacers final : FaultState {
  Pacers rule;
  ClientTable<Pacers> clients;
};

class BandwidthStage final : public Stage {
 public:
  BandwidthStage(const Settings& settings, const StageContext& context, Pacer* shared)
      : settings_(settings),
        intensity_(context.intensity),
        pacer_(shared != nullptr ? shared : &own_),
        piece_most_(static_cast<std::size_t>(
            std::max<std::int64_t>(1, settings.rate.bits_per_second / 8 / kPiecesPerSecond))) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    queue_.push(std::move(chunk));
    if (leaves_ == kNever && piece_ == 0) reserve(now);
    send_due(now, out);
    if (!queue_.empty() && !noted_) {
      noted_ = true;
      out.note({.action = "limit"}, now);
    }
  }
  void finish(Instant now, Output& out) override {
    finished_ = true;
    pass_end(now, out);
  }
  void wake(Instant now, Output& out) override { send_due(now, out); }
  void release(Instant now, Output& out) override {
    while (!queue_.empty()) out.emit(queue_.pop(), now);
    pass_end(now, out);
  }
  Instant deadline() const override { return leaves_; }
  std::size_t held() const override { return queue_.bytes(); }

 private:
  // Only bytes that have arrived are in the piece: what comes while it waits takes the next slot.
  void reserve(Instant now) {
    piece_ = std::min(queue_.bytes(), piece_most_);
    const Bytes count{static_cast<std::int64_t>(piece_)};
    const Duration cost = scaled(time_for(count, settings_.rate), intensity_.at(now));
    leaves_ = pacer_->reserve(now, cost, time_for(settings_.burst, settings_.rate));
  }

  void send_due(Instant now, Output& out) {
    while (leaves_ <= now) {
      for (std::size_t left = piece_; left > 0;) {
        Chunk part = queue_.pop(left);
        left -= part.size();
        out.emit(std::move(part), now);
      }
      piece_ = 0;
      leaves_ = kNever;
      if (queue_.empty()) return pass_end(now, out);
      reserve(now);
    }
  }

  // Once, behind the last byte.
  void pass_end(Instant now, Output& out) {
    if (!finished_ || !queue_.empty()) return;
    finished_ = false;
    out.finish(now);
  }

  Settings settings_;
  Intensity intensity_;
  Pacer own_;
  Pacer* pacer_;
  std::size_t piece_most_;
  ChunkQueue queue_;
  std::size_t piece_ = 0;
  Instant leaves_ = kNever;
  bool finished_ = false;
  bool noted_ = false;
};

// As netem's rate: a datagram leaves when its last bit is through, and finds a queue that may be
// full.
class DatagramBandwidthStage final : public DatagramStage {
 public:
  DatagramBandwidthStage(const Settings& settings, const StageContext& context, Pacer* shared)
      : settings_(settings),
        intensity_(context.intensity),
        pacer_(shared != nullptr ? shared : &own_) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto bytes = static_cast<std::int64_t>(chunk.size());
    if (static_cast<std::int64_t>(held()) + bytes > settings_.queue.count) {
      return out.note({.action = "drop", .bytes = bytes, .ordinal = datagrams_++}, now);
    }
    ++datagrams_;
    const Duration cost = scaled(time_for(Bytes{bytes}, settings_.rate), intensity_.at(now));
    const Instant ready = pacer_->reserve(now, cost, time_for(settings_.burst, settings_.rate));
    if (ready > now && !noted_) {
      noted_ = true;
      out.note({.action = "limit"}, now);
    }
    hold(std::move(chunk), ready, now, out);
  }

 private:
  Settings settings_;
  Intensity intensity_;
  Pacer own_;
  Pacer* pacer_;
  std::uint64_t datagrams_ = 0;
  bool noted_ = false;
};

class Bandwidth final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Bandwidth(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema();
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.rate.bits_per_second == 0 && settings.burst.count > 0) {
      problems.add(position_of(table, "burst"), "burst has no meaning at rate 0",
                   "rate 0 holds every byte for ever; leave burst out");
    }
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramBandwidthStage>(settings_, context, shared_pacer(context));
    }
    return std::make_unique<BandwidthStage>(settings_, context, shared_pacer(context));
  }
  std::unique_ptr<FaultState> make_state() const override {
    if (settings_.shared == Shared::kConnection) return nullptr;
    return std::make_unique<SharedPacers>();
  }

 private:
  Pacer* shared_pacer(const StageContext& context) const {
    auto* state = static_cast<SharedPacers*>(context.shared);
    if (state == nullptr) return nullptr;
    Pacers& pacers = settings_.shared == Shared::kRule
                         ? state->rule
                         : state->clients.of(context.flow->client_key());
    return &pacers[context.direction == Direction::kUpstream ? 0 : 1];
  }

  Settings settings_;
};

}  // namespace

template <>
struct EnumNames<Shared> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Shared>{"connection", Shared::kConnection},
      std::pair<std::string_view, Shared>{"client", Shared::kClient},
      std::pair<std::string_view, Shared>{"rule", Shared::kRule}};
};

namespace {

const Schema<Settings>& Bandwidth::schema() {
  static const Schema<Settings> schema{{
      field("rate", &Settings::rate, "bytes pass no faster than this; 0 bit/s holds them for ever",
            {.required = true}),
      field("burst", &Settings::burst, "how much may pass at once after a pause"),
      field("shared", &Settings::shared,
            "what has the limit: each connection, all connections of one client address, or all "
            "connections that the rule hits together"),
      field("queue", &Settings::queue,
            "datagrams: how many bytes of a session may wait in one direction; more are dropped",
            {.least = Bytes{1}}),
  }};
  return schema;
}

}  // namespace

const FaultKind kBandwidth = describe<Bandwidth>(
    {.name = "bandwidth",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .summary = "Bytes pass no faster than a rate; datagrams that find the queue full are dropped.",
     .magnitude = "direction of a connection, of a client or of the rule (`shared`)",
     .composition =
         "the slowest limit wins; each adds at most one piece (10 ms of its rate) of delay",
     .source = "ITU-T I.371 generic cell rate algorithm"});

}  // namespace brownout::rules
