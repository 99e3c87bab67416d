#include "rules/faults/delay.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/distribution.h"
#include "rules/http_fault.h"
#include "rules/jitter.h"

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

struct Settings {
  Duration delay{};
  Duration jitter{};
  Distribution distribution = Distribution::kUniform;
  Before before = Before::kRequest;
};

class Delay final : public HttpOnlyFault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Delay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long it waits, on average",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "how much the delay varies around its mean; not larger than the delay"),
        field("distribution", &Settings::distribution, "the shape of the variation"),
        field("before", &Settings::before,
              "what waits: the request, before the server is asked, or its response"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.delay, settings.jitter, table, problems);
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.is_request() != (settings_.before == Before::kRequest)) return std::nullopt;
    const double varied = deviation(settings_.distribution, context.dice.unit(0), 0.01);
    const double mean = static_cast<double>(settings_.delay.count());
    const double drawn = mean + varied * static_cast<double>(settings_.jitter.count());
    const auto delay =
        scaled(Duration{std::llround(std::max(0.0, drawn))}, context.intensity.at(context.now));
    if (message.decided() || delay == Duration::zero()) return std::nullopt;
    message.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kDelay =
    describe<Delay>({.name = "delay",
                     .level = Level::kMessage,
                     .carriers = kHttpRequests,
                     .ramp = Ramp::kMagnitude,
                     .summary = "A request, or its response, waits before it goes on.",
                     .magnitude = "request, or response (`before`)",
                     .composition = "delays of several rules add up",
                     .source = "Envoy, HTTP fault injection, delay"});

}  // namespace brownout::rules
