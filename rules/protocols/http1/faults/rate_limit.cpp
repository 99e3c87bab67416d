// rate_limit: answers requests above a rate with 429 and Retry-After (RFC 6585, 4).
//
// A token bucket allows `burst` requests at once, then `rate` (generic cell rate algorithm). The
// bucket is per rule, per client address, or per value of a header such as an API key.
#include <array>

#include "rules/chance/client_table.h"
#include "rules/chance/token_bucket.h"
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

enum class RateLimitScope { kClient, kRule };

struct Buckets final : FaultState {
  TokenBucket rule;
  ClientTable<TokenBucket> others;
};

}  // namespace

template <>
struct EnumNames<RateLimitScope> {
  static constexpr std::array kValues{
      std::pair<std::string_view, RateLimitScope>{"client", RateLimitScope::kClient},
      std::pair<std::string_view, RateLimitScope>{"rule", RateLimitScope::kRule}};
};

namespace {

struct RateLimitSettings {
  Frequency rate{};
  std::int64_t burst = 1;
  std::optional<std::string> header;
  RateLimitScope shared = RateLimitScope::kClient;
  std::int64_t status = 429;
};

class RateLimit final : public HttpOnlyFault {
 public:
  using Settings = RateLimitSettings;
  explicit RateLimit(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("rate", &Settings::rate, "rate of allowed requests, e.g. \"10/s\"",
              {.required = true}),
        field("burst", &Settings::burst, "number of requests allowed at once after a pause",
              {.least = 1, .most = 1'000'000}),
        field("shared", &Settings::shared,
              "scope of the limit: each client address, or all requests the rule matches"),
        field("header", &Settings::header,
              "instead of shared: one limit for each value of this header, e.g. \"authorization\"; "
              "requests without the header share one limit"),
        field("status", &Settings::status, "status of the response", {.least = 400, .most = 599}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.header && table.find("shared") != nullptr) {
      problems.add(position_of(table, "shared"), "shared and header exclude each other",
                   "leave out shared or header");
    }
    if (settings.rate.per_second <= 0) {
      problems.add(position_of(table, "rate"), "a rate of 0 allows no request",
                   "use the fault \"abort\"");
    }
  }

  std::unique_ptr<FaultState> make_state() const override { return std::make_unique<Buckets>(); }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    auto& buckets = static_cast<Buckets&>(*context.shared);
    const Duration cost{static_cast<std::int64_t>(1e9 / settings_.rate.per_second)};
    const auto wait =
        bucket(buckets, context).take(context.now, cost, cost * (settings_.burst - 1));
    if (wait == Duration::zero()) return std::nullopt;
    const auto seconds = (wait + std::chrono::seconds(1) - Duration(1)) / std::chrono::seconds(1);
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = {static_cast<int>(settings_.status),
                      {{"retry-after", std::to_string(seconds)}, {"content-type", "text/plain"}},
                      "too many requests\n"};
    return Note{.action = "turn away", .delay = wait};
  }

 private:
  TokenBucket& bucket(Buckets& buckets, const HttpContext& context) const {
    if (settings_.header) {
      const auto* value = context.request->http->request.find(*settings_.header);
      return value != nullptr ? buckets.others.of(key_of(*value)) : buckets.rule;
    }
    if (settings_.shared == RateLimitScope::kRule) return buckets.rule;
    return buckets.others.of(context.request->client_key());
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kRateLimit = describe<RateLimit>(
    {.name = "rate_limit",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .of_http = Half::kRequest,
     .summary = "Requests above a rate get a 429 with Retry-After.",
     .unit = "request, counted per client, per header value or per rule (`shared`, `header`)",
     .composition = "the first rule that answers a request, or drops it, decides",
     .source = "RFC 6585, 4; ITU-T I.371 generic cell rate algorithm"});

}  // namespace brownout::rules
