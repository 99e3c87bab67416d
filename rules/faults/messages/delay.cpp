// delay: delays messages. The fault latency delays every byte of a connection instead.
#include <array>

#include "rules/engine/message_fault.h"
#include "rules/faults/common/varied_delay.h"

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

struct DelaySettings {
  VariedDelay varied{};
  Before before = Before::kRequest;
};

class Delay final : public MessageFault {
 public:
  using Settings = DelaySettings;
  explicit Delay(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field_of(&Settings::varied, field("delay", &VariedDelay::delay,
                                          "mean time that the request, response or message waits",
                                          {.most = std::chrono::hours(24), .required = true})),
        field_of(&Settings::varied,
                 field("jitter", &VariedDelay::jitter,
                       "how far the waiting time varies around `delay`; must not be larger than "
                       "`delay`")),
        distribution_field(&Settings::varied,
                           "; with \"spike\", 1% of the requests or messages wait delay + jitter, "
                           "the others wait delay"),
        distribution_file_field(&Settings::varied),
        sigma_field(&Settings::varied),
        field("before", &Settings::before,
              "HTTP: whether the request waits on its way to the server, or the response on its "
              "way to the client"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_jitter(settings.varied, table, problems);
    check_variation(settings.varied, table, problems);
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
    return scaled(settings_.varied.at(exchange.draw()), exchange.intensity.at(exchange.now));
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
