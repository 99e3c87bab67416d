// timeout: discards all data. Toxiproxy has this fault under the same name.
//
// If the rule ends after bytes were discarded, the connection is closed, because its stream is
// incomplete. The faults unplug and limit_time hold the bytes instead.
#include <algorithm>

#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct TimeoutSettings {
  Duration close_after{};
};

class TimeoutStage final : public Stage {
 public:
  explicit TimeoutStage(const TimeoutSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (!began_) began_ = now;
    out.note({.action = "discard", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
  }
  void wake(Instant now, Output& out) override { out.close(Close::kFin, now); }
  void release(Instant now, Output& out) override {
    if (began_) out.close(Close::kFin, now);
  }
  void take_over(const Stage& before, Instant now) override {
    began_ = static_cast<const TimeoutStage&>(before).began_;
    earliest_ = now;
  }
  Instant deadline() const override {
    const bool closes = began_ && settings_.close_after > Duration::zero();
    return closes ? std::max(later(*began_, settings_.close_after), earliest_) : kNever;
  }

 private:
  TimeoutSettings settings_;
  std::optional<Instant> began_;  // arrival of the first byte that was discarded
  Instant earliest_{};            // start of the current settings; the close comes no earlier
};

class Timeout final : public Fault, public DnsFault {
 public:
  using Settings = TimeoutSettings;
  explicit Timeout(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("close_after", &Settings::close_after,
              "TCP: time from the first discarded byte until both ends are closed, even if more "
              "bytes come; 0s leaves them open"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<TimeoutStage>(settings_);
  }
  bool inherits_state() const override { return true; }
  const DnsFault* dns() const override { return this; }
  std::optional<Note> on_query(const DnsContext&, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    verdict.silent = true;
    return Note{.action = "discard"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTimeout = describe<Timeout>(
    {.name = "timeout",
     .level = Level::kBytes,
     .carriers = kStreams | kDnsQueries,
     .keys_for = {{"close_after", kStreams}},
     .summary = "No byte arrives any more. With `close_after`, both ends of the connection are "
                "closed after that time. When the rule ends, it closes each connection of which it "
                "discarded bytes. A DNS query gets no answer.",
     .correct_client = "gives up after its own time-out, and tries again or takes the next server",
     .unit = "connection or DNS query",
     .composition = "the earliest close decides; later rules do not see the data",
     .source = "Toxiproxy, timeout; RFC 1035, 4.2.1 (repeated DNS queries)"});

}  // namespace brownout::rules
