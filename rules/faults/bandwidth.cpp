#include "rules/faults/bandwidth.h"

#include <array>

#include "rules/client_table.h"
#include "rules/datagram_queue.h"
#include "rules/rate_stage.h"

namespace brownout::rules {
namespace {

enum class Shared { kConnection, kClient, kRule };

struct Settings {
  Rate rate{};
  Bytes burst{};
  Shared shared = Shared::kConnection;
  Bytes queue{128 << 10};
};

// One pair of pacers: a limit holds in each direction.
using Pacers = std::array<Pacer, 2>;

struct SharedPacers final : FaultState {
  Pacers rule;
  ClientTable<Pacers> clients;
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
    return std::make_unique<RateStage>(settings_.rate, settings_.burst, context.intensity,
                                       shared_pacer(context));
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
