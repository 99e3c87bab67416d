// bandwidth: limits the rate at which bytes pass, to that of a link (rules/faults/common/link.h).
#include <array>

#include "rules/chance/client_table.h"
#include "rules/engine/datagram_queue.h"
#include "rules/engine/fault.h"
#include "rules/faults/common/queue_limit.h"
#include "rules/faults/common/rate_stage.h"

namespace brownout::rules {
namespace {

enum class BandwidthScope { kConnection, kClient, kRule };

struct BandwidthSettings {
  LinkSettings link{};
  BandwidthScope shared = BandwidthScope::kConnection;
  QueueLimit queue = QueueLimit::of(Bytes{128 << 10});
};

// One link for each direction: the limit applies to each direction separately.
using Links = std::array<LinkState, 2>;

struct SharedLinks final : FaultState {
  Links rule;
  ClientTable<Links> clients;
};

// Limits the rate of datagrams, like `rate` of tc-netem(8). A datagram leaves when its last bit is
// transmitted. A datagram that finds the queue full is dropped.
class DatagramBandwidthStage final : public DatagramStage {
 public:
  DatagramBandwidthStage(const BandwidthSettings& settings, const Intensity& intensity,
                         const Dice& dice, Instant start, LinkState* shared)
      : most_bytes_(settings.queue.most_bytes(settings.link.rate)),
        most_packets_(settings.queue.most_packets()),
        link_(settings.link, intensity, dice, start, shared) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto bytes = static_cast<std::int64_t>(chunk.size());
    const bool full =
        static_cast<std::int64_t>(held()) + bytes > most_bytes_ || queue_.count() >= most_packets_;
    if (full) {
      return out.note({.action = "drop", .bytes = bytes, .ordinal = datagrams_++, .overflow = true},
                      now);
    }
    ++datagrams_;
    const Instant ready = link_.reserve(now, link_.cost().of_packet(bytes));
    if (ready > now && !noted_) {
      noted_ = true;
      out.note({.action = "limit"}, now);
    }
    hold(std::move(chunk), ready, now, out);
  }

 private:
  std::int64_t most_bytes_;
  std::size_t most_packets_;
  LinkUse link_;
  std::uint64_t datagrams_ = 0;
  bool noted_ = false;
};

class Bandwidth final : public Fault {
 public:
  using Settings = BandwidthSettings;
  explicit Bandwidth(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema();
  static void check(const Settings& settings, const Node& table, Diagnostics& problems);

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    auto* shared = shared_link(context);
    // All connections that share a link must draw the same random rate, so the random numbers
    // depend only on the rule.
    const auto dice = shared != nullptr ? context.rule_dice : context.dice;
    const auto start = shared != nullptr ? context.intensity.start() : context.now;
    const auto varied = dice.split("rate");
    if (context.flow->carrier != Carrier::kDatagram) {
      return std::make_unique<RateStage>(settings_.link, context.intensity, varied, start, shared);
    }
    return std::make_unique<DatagramBandwidthStage>(settings_, context.intensity, varied, start,
                                                    shared);
  }
  std::unique_ptr<FaultState> make_state() const override {
    if (settings_.shared == BandwidthScope::kConnection) return nullptr;
    return std::make_unique<SharedLinks>();
  }

 private:
  // Returns null if the link is not shared. A client beyond the size of the table gets a link for
  // each connection.
  LinkState* shared_link(const StageContext& context) const {
    auto* state = static_cast<SharedLinks*>(context.shared);
    if (state == nullptr) return nullptr;
    Links* links = settings_.shared == BandwidthScope::kRule
                       ? &state->rule
                       : state->clients.of(context.flow->client_key());
    if (links == nullptr) return nullptr;
    return &(*links)[context.direction == Direction::kUpstream ? 0 : 1];
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

const Schema<RateVariation>& variation_schema() {
  static const Schema<RateVariation> schema{{
      field("to", &RateVariation::to,
            "the rate at the other end of the range, which begins at `rate`",
            {.least = Rate{8}, .required = true}),
      field("every", &RateVariation::every, "time after which a new rate is drawn",
            {.least = std::chrono::milliseconds(10),
             .most = std::chrono::hours(24),
             .required = true}),
  }};
  return schema;
}

template <class T>
Field<BandwidthSettings> link_field(std::string name, T LinkSettings::*member, std::string meaning,
                                    LimitsOf<T> limits = {}) {
  return field_of(&BandwidthSettings::link,
                  field(std::move(name), member, std::move(meaning), limits));
}

Field<BandwidthSettings> cost_field(std::string name, Bytes PacketCost::*member,
                                    std::string meaning) {
  return field_of(&BandwidthSettings::link,
                  field_of(&LinkSettings::cost, field(std::move(name), member, std::move(meaning),
                                                      {.most = Bytes{65'535}})));
}

const Schema<BandwidthSettings>& Bandwidth::schema() {
  static const Schema<BandwidthSettings> schema{{
      link_field("rate", &LinkSettings::rate,
                 "highest rate at which bytes pass; 0 bit/s holds all bytes until the rule ends",
                 {.absent = "required without `trace`"}),
      link_field(
          "burst", &LinkSettings::burst,
          "number of bytes that may pass at once after a pause, without the limit of `rate`"),
      nested<BandwidthSettings>(
          "vary", "table { to, every }",
          "a rate that varies: after each `every` (a duration from 10ms to 24h) a new rate is "
          "drawn, uniformly between `rate` and `to`; bytes that are already on their way keep the "
          "previous rate",
          [](const Node& node, BandwidthSettings& settings, Diagnostics& problems) {
            settings.link.vary = variation_schema().read(node, "vary", problems);
          }),
      field_of(&BandwidthSettings::link,
               field("trace", &LinkSettings::trace,
                     "a file that replaces `rate`: a recording in the format of mahimahi. Each of "
                     "its lines (at most 1000000) is a time in milliseconds at which 1500 bytes "
                     "may pass; at its end the recording repeats. A relative path begins in the "
                     "folder of the rule file")),
      field("shared", &BandwidthSettings::shared,
            "scope of the limit: one connection, all connections of a client address, or all "
            "connections that the rule matches"),
      field("queue", &BandwidthSettings::queue,
            "UDP: length of the queue of a session in one direction, as bytes, as the time that "
            "the bytes take at `rate`, or as a number of datagrams; datagrams that arrive at a "
            "full queue are dropped"),
      cost_field("overhead", &PacketCost::overhead,
                 "bytes that the line adds to each packet, such as 14 B for an Ethernet header; a "
                 "stream counts as segments of 1460 B"),
      cost_field(
          "minimum", &PacketCost::minimum,
          "minimum size of a packet with its overhead; a smaller packet counts as this size"),
      cost_field("cell", &PacketCost::cell,
                 "size of the cells that carry a packet; the last one is padded"),
      cost_field("cell_overhead", &PacketCost::cell_overhead,
                 "bytes that the line adds to each cell"),
  }};
  return schema;
}

void Bandwidth::check(const Settings& settings, const Node& table, Diagnostics& problems) {
  const auto& link = settings.link;
  const auto given = [&](std::string_view key) { return table.find(key) != nullptr; };
  const auto refuse = [&](std::string_view key, std::string what, std::string hint) {
    problems.add(position_of(table, key), std::move(what), std::move(hint));
  };
  if (given("rate") == given("trace")) {
    refuse("trace",
           given("rate") ? "rate and trace exclude each other" : "bandwidth needs rate or trace",
           R"(rate = "1 Mbit/s", or trace = "cellular.trace")");
  }
  for (const std::string_view key : {"burst", "vary"}) {
    if (given("trace") && given(key)) {
      refuse(key, std::string(key) + " has no effect with trace",
             "the trace says when bytes pass; leave " + std::string(key) + " out");
    }
  }
  if (given("rate") && link.rate.bits_per_second == 0 && (link.burst.count > 0 || link.vary)) {
    const std::string_view key = link.vary ? "vary" : "burst";
    refuse(key, std::string(key) + " has no effect at rate 0",
           "rate 0 holds all bytes; leave " + std::string(key) + " out");
  }
  if (given("trace") && settings.queue.unit == QueueLimit::Unit::kTime) {
    refuse("queue", "with trace there is no fixed rate, so the length of queue cannot be a time",
           R"(e.g. queue = "128 KiB" or queue = "100 packets")");
  }
  if (link.cost.cell_overhead.count > 0 && link.cost.cell.count == 0) {
    refuse("cell_overhead", "cell_overhead has no effect without cell",
           R"(e.g. cell = "48 B", cell_overhead = "5 B" for ATM)");
  }
}

}  // namespace

extern const FaultKind kBandwidth = describe<Bandwidth>(
    {.name = "bandwidth",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .keys_for = {{"queue", kDatagrams}},
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
     .source = "ITU-T I.371 (generic cell rate algorithm); tc-netem(8), rate; tc-tbf(8), mpu and "
               "latency; mm-link(1) of mahimahi (traces); RFC 8085, 3.1 (congestion control of "
               "datagrams)"});

}  // namespace brownout::rules
