// mtu_blackhole: packets above a size never arrive. The proxy does not see TCP segments, so on a
// stream the size of a chunk decides.
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct MtuBlackholeSettings {
  Bytes size{1400};
};

Note swallowed(const Chunk& chunk) {
  return {.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size())};
}

// Holds the first large chunk and everything behind it, as if TCP retransmitted in vain.
class MtuBlackholeStage final : public HoldingStage {
 public:
  explicit MtuBlackholeStage(std::size_t most) : most_(most) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (chunk.size() > most_) {
      if (!stuck_) out.note(swallowed(chunk), now);
      stuck_ = true;
    }
    hold(std::move(chunk), stuck_ ? kNever : now, now, out);
  }
  void finish(Instant now, Output& out) override {
    line_.finish(stuck_ ? kNever : now);
    line_.drain(now, out);
  }

 private:
  std::size_t most_;
  bool stuck_ = false;
};

class DatagramMtuStage final : public Stage {
 public:
  explicit DatagramMtuStage(std::size_t most) : most_(most) {}
  void push(Chunk chunk, Instant now, Output& out) override {
    if (chunk.size() > most_) return out.note(swallowed(chunk), now);
    out.emit(std::move(chunk), now);
  }

 private:
  std::size_t most_;
};

class MtuBlackhole final : public Fault {
 public:
  using Settings = MtuBlackholeSettings;
  explicit MtuBlackhole(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("size", &Settings::size,
              "size of the largest chunk (one read of the socket) or datagram that passes",
              {.least = Bytes{1}}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const auto most = static_cast<std::size_t>(settings_.size.count);
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramMtuStage>(most);
    }
    return std::make_unique<MtuBlackholeStage>(most);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMtuBlackhole = describe<MtuBlackhole>(
    {.name = "mtu_blackhole",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .per_chunk = true,
     .summary = "Small messages pass, but messages larger than `size` do not arrive, as on a path "
                "that drops ICMP \"fragmentation needed\". On a stream, everything behind the "
                "first large message waits until the rule ends, too.",
     .correct_client =
         "has a time-out for each request, not only for the connect, and reports which "
         "request got no answer; over UDP it sends smaller datagrams",
     .unit = "chunk or datagram, in each direction",
     .composition = "the smallest `size` decides",
     .source =
         "RFC 2923, 2.1; RFC 4821 (TCP without ICMP); RFC 8085, 3.2, and RFC 8899 (datagrams)"});

}  // namespace brownout::rules
