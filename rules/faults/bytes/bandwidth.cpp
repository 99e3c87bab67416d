// bandwidth: limits the rate at which bytes pass. Bytes leave in pieces that take at most 10 ms at
// this rate, so that the limit holds over short times, too.
#include <array>

#include "rules/chance/client_table.h"
#include "rules/engine/datagram_queue.h"
#include "rules/engine/fault.h"
#include "rules/faults/common/rate_stage.h"

namespace brownout::rules {
namespace {

enum class BandwidthScope { kConnection, kClient, kRule };

struct BandwidthSettings {
  Rate rate{};
  Bytes burst{};
  BandwidthScope shared = BandwidthScope::kConnection;
  Bytes queue{128 << 10};
};

// One rate limiter for each direction: the limit applies to each direction separately.
using Pacers = std::array<Pacer, 2>;

struct SharedPacers final : FaultState {
  Pacers rule;
  ClientTable<Pacers> clients;
};

// Limits the rate of datagrams, like `rate` of tc-netem(8). A datagram leaves when its last bit is
// transmitted. A datagram that finds the queue full is dropped.
class DatagramBandwidthStage final : public DatagramStage {
 public:
  DatagramBandwidthStage(const BandwidthSettings& settings, const StageContext& context,
                         Pacer* shared)
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
  BandwidthSettings settings_;
  Intensity intensity_;
  Pacer own_;
  Pacer* pacer_;
  std::uint64_t datagrams_ = 0;
  bool noted_ = false;
};

class Bandwidth final : public Fault {
 public:
  using Settings = BandwidthSettings;
  explicit Bandwidth(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema();
  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.rate.bits_per_second == 0 && settings.burst.count > 0) {
      problems.add(position_of(table, "burst"), "burst has no effect at rate 0",
                   "rate 0 holds all bytes; leave burst out");
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
    if (settings_.shared == BandwidthScope::kConnection) return nullptr;
    return std::make_unique<SharedPacers>();
  }

 private:
  Pacer* shared_pacer(const StageContext& context) const {
    auto* state = static_cast<SharedPacers*>(context.shared);
    if (state == nullptr) return nullptr;
    Pacers& pacers = settings_.shared == BandwidthScope::kRule
                         ? state->rule
                         : state->clients.of(context.flow->client_key());
    return &pacers[context.direction == Direction::kUpstream ? 0 : 1];
  }

  Settings settings_;
};

}  // namespace

template <>
struct EnumNames<BandwidthScope> {
  static constexpr std::array kValues{
      std::pair<std::string_view, BandwidthScope>{"connection", BandwidthScope::kConnection},
      std::pair<std::string_view, BandwidthScope>{"client", BandwidthScope::kClient},
      std::pair<std::string_view, BandwidthScope>{"rule", BandwidthScope::kRule}};
};

namespace {

const Schema<BandwidthSettings>& Bandwidth::schema() {
  static const Schema<BandwidthSettings> schema{{
      field("rate", &BandwidthSettings::rate,
            "highest rate at which bytes pass; 0 bit/s holds all bytes until the rule ends",
            {.required = true}),
      field("burst", &BandwidthSettings::burst,
            "how many bytes may pass at once after a pause, faster than `rate`"),
      field("shared", &BandwidthSettings::shared,
            "scope of the limit: one connection, all connections of a client address, or all "
            "connections that the rule matches"),
      field("queue", &BandwidthSettings::queue,
            "UDP: how many bytes of a session may wait in one direction; further datagrams are "
            "dropped",
            {.least = Bytes{1}}),
  }};
  return schema;
}

}  // namespace

extern const FaultKind kBandwidth = describe<Bandwidth>(
    {.name = "bandwidth",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .ramp = Ramp::kMagnitude,
     .ramped = "the limit falls from unlimited to `rate`",
     .summary = "Bytes pass no faster than a rate, as over a line of that speed. On a stream, "
                "bytes that arrive faster wait. Datagrams that arrive at a full queue are dropped.",
     .correct_client = "measures the progress of a transfer instead of its total time, and sends "
                       "fewer datagrams when some are lost",
     .unit = "direction of a connection; with `shared`, direction of all connections of a client "
             "address or of the rule together",
     .composition = "the lowest rate decides; each rule also delays bytes by up to 10 ms, because "
                    "it forwards them in pieces that take at most 10 ms at its rate",
     .source = "ITU-T I.371 (generic cell rate algorithm); tc-netem(8), rate; RFC 8085, 3.1 "
               "(congestion control of datagrams)"});

}  // namespace brownout::rules
