// h2_too_many_pings: ends connections whose clients send too many PINGs, as gRPC servers do.
#include "rules/engine/http2_fault.h"

namespace brownout::rules {
namespace {

struct TooManyPingsSettings {
  std::int64_t after = 2;
};

class TooManyPings final : public Http2OnlyFault {
 public:
  using Settings = TooManyPingsSettings;
  explicit TooManyPings(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "PINGs of a connection that are still answered",
              {.least = 0}),
    }};
    return schema;
  }

  std::string_view on_connection(Http2ConnectionFaults& faults) const override {
    const auto after = static_cast<std::uint64_t>(settings_.after);
    faults.most_pings = std::min(after, faults.most_pings.value_or(after));
    return "limit PINGs";
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kH2TooManyPings = describe<TooManyPings>(
    {.name = "h2_too_many_pings",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_http2 = true,
     .summary = "After a number of PINGs, the connection ends with GOAWAY ENHANCE_YOUR_CALM, as a "
                "gRPC server ends it for clients whose keepalive is more frequent than it allows.",
     .correct_client = "opens a new connection and doubles the interval of its keepalive",
     .unit = "HTTP/2 connection",
     .composition = "the smallest `after` decides",
     .source = "gRFC A8 (client-side keepalive) and A9 (server-side connection management); RFC "
               "9113, 6.8"});

}  // namespace brownout::rules
