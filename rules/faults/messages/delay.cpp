// delay: a request, its response, or a WebSocket message waits before it goes on. What comes
// meanwhile waits behind it; latency is the fault for every byte of a connection.
#include <algorithm>
#include <array>
#include <cmath>

#include "rules/chance/distribution.h"
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"
#include "rules/engine/message_fault.h"
#include "rules/faults/common/jitter.h"

namespace brownout::rules {
namespace {

enum class Before { kRequest, kResponse };

}  // namespace

template <>
struct EnumNames<Before> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Before>{"request", Before::kRequest},
      std::pair<std::string_view, Before>{"response", Before::kResponse}};
};

namespace {

constexpr double kSpike = 0.01;  // how likely distribution "spike" spikes

struct DelaySettings {
  Duration delay{};
  Duration jitter{};
  Distribution distribution = Distribution::kUniform;
  Before before = Before::kRequest;
};

Duration draw(const DelaySettings& settings, const Dice& dice, std::uint64_t event,
              double intensity) {
  const double varied = deviation(settings.distribution, dice.unit(event), kSpike);
  const double mean = static_cast<double>(settings.delay.count());
  const double drawn = mean + varied * static_cast<double>(settings.jitter.count());
  return scaled(rounded(drawn), intensity);
}

// Messages of a connection keep their order: one that drew a short delay waits for the one ahead.
class MessageDelayStage final : public HoldingStage {
 public:
  MessageDelayStage(const DelaySettings& settings, const StageContext& context)
      : settings_(settings), dice_(context.dice), intensity_(context.intensity) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = count_++;
    const auto delay = draw(settings_, dice_, ordinal, intensity_.at(now));
    out.note({.action = "delay",
              .delay = delay,
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = ordinal},
             now);
    hold(std::move(chunk), later(now, delay), now, out);
  }

 private:
  DelaySettings settings_;
  Dice dice_;
  Intensity intensity_;
  std::uint64_t count_ = 0;
};

class Delay final : public MessageFault {
 public:
  using Settings = DelaySettings;
  explicit Delay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long it waits, on average",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "how much the delay varies around its mean; not larger than the delay"),
        field("distribution", &Settings::distribution, "the shape of the variation"),
        field("before", &Settings::before,
              "http: what waits: the request, before the server is asked, or its response"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.delay, settings.jitter, table, problems);
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier != Carrier::kMessage) return nullptr;
    return std::make_unique<MessageDelayStage>(settings_, context);
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.is_request() != (settings_.before == Before::kRequest)) return std::nullopt;
    const auto delay = draw(settings_, context.dice, 0, context.intensity.at(context.now));
    if (message.decided() || delay == Duration::zero()) return std::nullopt;
    message.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }
  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    const auto delay = draw(settings_, context.dice, 0, context.intensity.at(context.now));
    if (delay == Duration::zero()) return std::nullopt;
    verdict.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDelay = describe<Delay>(
    {.name = "delay",
     .level = Level::kMessage,
     .carriers = kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .summary = "A request, its response, or a message waits before it goes on. A correct client "
                "has a time-out for it, and what comes behind that does no harm.",
     .magnitude = "request, or response (`before`); message, one way; DNS query",
     .composition = "delays of several rules add up",
     .source = "Envoy, HTTP fault injection, delay"});

}  // namespace brownout::rules
