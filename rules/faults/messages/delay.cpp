// delay: a request, its response, or a message waits before it passes. Later messages queue behind
// it. The fault latency delays every byte of a connection instead.
#include <algorithm>
#include <array>
#include <cmath>

#include "rules/chance/distribution.h"
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

constexpr double kSpike = 0.01;  // chance of a spike with distribution "spike"

struct DelaySettings {
  Duration delay{};
  Duration jitter{};
  Distribution distribution = Distribution::kUniform;
  Before before = Before::kRequest;
};

class Delay final : public MessageFault {
 public:
  using Settings = DelaySettings;
  explicit Delay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long the message waits, on average",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "how much the delay varies around its mean; not larger than the delay"),
        field("distribution", &Settings::distribution, "the shape of the variation"),
        field("before", &Settings::before,
              "http: whether the request waits before it goes to the server, or its response"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.delay, settings.jitter, table, problems);
  }

  Verdict judge(const Exchange& exchange) const override {
    const bool http = exchange.facts.carrier == Carrier::kHttp;
    const bool request = exchange.direction == Direction::kUpstream;
    if (http && request != (settings_.before == Before::kRequest)) return Verdict::pass();
    const auto delay = draw(exchange);
    return delay == Duration::zero() ? Verdict::pass() : Verdict::wait(delay);
  }

 private:
  Duration draw(const Exchange& exchange) const {
    const double varied = deviation(settings_.distribution, exchange.draw(), kSpike);
    const double mean = static_cast<double>(settings_.delay.count());
    const double drawn = mean + varied * static_cast<double>(settings_.jitter.count());
    return scaled(rounded(drawn), exchange.intensity.at(exchange.now));
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kDelay = describe<Delay>(
    {.name = "delay",
     .level = Level::kMessage,
     .carriers = kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .of_dns = Half::kRequest,
     .summary = "A request, its response, or a message waits before it passes. A correct client "
                "has a time-out, and handles an answer that arrives after it.",
     .unit = "request, or response (`before`); message, one way; DNS query",
     .composition = "delays of several rules add up",
     .source = "Envoy, HTTP fault injection, delay"});

}  // namespace brownout::rules
