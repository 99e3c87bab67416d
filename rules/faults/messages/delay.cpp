// delay: delays messages. The fault latency delays every byte of a connection instead.
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
        field("delay", &Settings::delay, "mean time that the request, response or message waits",
              {.most = std::chrono::hours(24), .required = true}),
        field("jitter", &Settings::jitter,
              "how far the waiting time varies around `delay`; must not be larger than `delay`"),
        field("distribution", &Settings::distribution,
              "probability distribution of the variation; with \"spike\", 1% of the requests or "
              "messages wait delay + jitter, the others wait delay"),
        field("before", &Settings::before,
              "HTTP: what waits, the request on its way to the server or the response on its way "
              "to the client"),
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
     .ramped = "the delays grow from 0 to the values that `delay` and `jitter` give",
     .dns_part = ExchangePart::kRequest,
     .summary = "A request, its response, or a message arrives later. Later messages of the same "
                "connection wait behind it.",
     .correct_client =
         "has a time-out for each request, and assigns an answer that arrives after the "
         "time-out to no other request",
     .unit = "HTTP request, or HTTP response (`before`); message, in each direction; DNS query",
     .composition = "the delays add up",
     .source = "Envoy documentation, HTTP fault injection; RFC 9112, 9.3.2 (order of responses); "
               "RFC 1035, 7.3 (matching answers to queries)"});

}  // namespace brownout::rules
