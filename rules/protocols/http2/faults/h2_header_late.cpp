// h2_header_late: delays the headers of a response, on a connection that is otherwise alive.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

struct HeaderLateSettings {
  Duration delay{};
};

class HeaderLate final : public HttpOnlyFault {
 public:
  using Settings = HeaderLateSettings;
  explicit HeaderLate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "how long the headers wait",
              {.least = std::chrono::nanoseconds(1), .required = true}),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    const auto delay = scaled(settings_.delay, context.intensity.at(context.now));
    if (delay <= Duration::zero()) return std::nullopt;
    message.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kH2HeaderLate = describe<HeaderLate>(
    {.name = "h2_header_late",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delay grows from 0 to `delay`",
     .http_part = ExchangePart::kResponse,
     .summary =
         "The server processes the request. The headers of its response come late, while the "
         "connection answers PINGs, so keepalive does not notice.",
     .correct_client = "has a deadline for each request, since keepalive does not detect a server "
                       "that accepts requests and does not answer",
     .unit = "request",
     .composition = "delays add up",
     .source = "RFC 9113, 6.7 and 8.1; gRFC A8 (client-side keepalive)"});

}  // namespace brownout::rules
