// rate_limit: refuses requests above a rate. A token bucket allows `burst` requests at once, then
// `rate` (generic cell rate algorithm). There is one bucket per rule, per client address, or per
// value of a header such as an API key.
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
        field("rate", &Settings::rate, "number of requests allowed per time, e.g. \"10/s\"",
              {.required = true}),
        field("burst", &Settings::burst,
              "number of requests allowed at once, after a time without requests",
              {.least = 1, .most = 1'000'000}),
        field("shared", &Settings::shared,
              "what shares one limit: \"client\", the requests of one client address; \"rule\", "
              "all requests that the rule matches"),
        field("header", &Settings::header,
              "name of a header, e.g. \"authorization\": the requests with the same value share "
              "one limit, and so do all requests without the header; excludes `shared`"),
        field("status", &Settings::status, "status of the response to requests above the rate",
              {.least = 400, .most = 599}),
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
     .http_part = ExchangePart::kRequest,
     .summary =
         "Requests above a rate get the status 429 with Retry-After. They do not reach the server.",
     .correct_client = "waits for the time in Retry-After before it sends the request again",
     .unit =
         "request; counted per client address, per header value or per rule (`shared`, `header`)",
     .composition = "the first rule that answers or drops a request decides",
     .source = "RFC 6585, 4 (429); RFC 9110, 10.2.3 (Retry-After); ITU-T I.371, generic cell rate "
               "algorithm"});

}  // namespace brownout::rules
