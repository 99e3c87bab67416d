// rate_limit: refuses requests above a limit. A token bucket allows `burst` requests at once, then
// `rate` (generic cell rate algorithm). A fixed window allows `limit` requests in each `window`.
// There is one of them per rule, per client address, or per value of a header such as an API key.
#include <algorithm>

#include "rules/chance/fixed_window.h"
#include "rules/chance/token_bucket.h"
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/faults/early_retry.h"
#include "rules/protocols/http1/faults/limit_scope.h"

namespace brownout::rules {
namespace {

// A bucket or a window, whichever the rule has.
struct RequestLimit {
  TokenBucket bucket;
  FixedWindow window;
  ToldToWait told;
};

struct RequestLimits final : FaultState {
  LimitTable<RequestLimit> table;
};

struct RateLimitSettings {
  std::optional<Frequency> rate;
  std::int64_t burst = 1;
  std::optional<std::int64_t> limit;
  std::optional<Duration> window;
  std::string header_prefix = "RateLimit-";
  std::optional<std::string> header;
  LimitScope shared = LimitScope::kClient;
  std::int64_t status = 429;
  EarlyRetry retry_after = EarlyRetry::kIgnore;
};

class RateLimit final : public HttpOnlyFault {
 public:
  using Settings = RateLimitSettings;
  explicit RateLimit(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("rate", &Settings::rate, "number of requests allowed per time, e.g. \"10/s\""),
        field("burst", &Settings::burst,
              "with `rate`: number of requests allowed at once, after a time without requests",
              {.least = 1, .most = 1'000'000}),
        field("limit", &Settings::limit,
              "instead of `rate`: number of requests allowed in each `window`",
              {.least = 1, .most = 1'000'000'000}),
        field("window", &Settings::window,
              "length of a window, e.g. \"1m\"; it begins with the first request after the window "
              "before",
              {.least = std::chrono::seconds(1), .most = std::chrono::hours(24 * 31)}),
        field("header_prefix", &Settings::header_prefix,
              "with `window`: prefix of three headers in each response, e.g. \"X-RateLimit-\": "
              "Limit, Remaining (the requests that are left in the window) and Reset (the seconds "
              "until the window ends)"),
        field("shared", &Settings::shared, std::string(kAboutShared)),
        field("header", &Settings::header, std::string(kAboutLimitHeader)),
        field("status", &Settings::status, "status of the response to requests above the rate",
              {.least = 400, .most = 599}),
        field("retry_after", &Settings::retry_after, std::string(kAboutEarlyRetry)),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_limit_scope(settings.header, table, problems);
    check_kind(settings, table, problems);
  }

  std::unique_ptr<FaultState> make_state() const override {
    return std::make_unique<RequestLimits>();
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    auto* own = table_of(context).of(settings_.header, settings_.shared, *context.request);
    if (own == nullptr) return std::nullopt;
    const auto early = punishes() ? own->told.left(context.now) : Duration::zero();
    const auto wait = settings_.rate ? pace(own->bucket, early, context.now)
                                     : count(own->window, context.now, message);
    if (wait == Duration::zero() && early == Duration::zero()) return std::nullopt;
    if (early == Duration::zero()) own->told.tell(context.now, seconds_rounded_up(wait));
    return turn_away(wait, early, message);
  }
  bool punishes() const override { return settings_.retry_after == EarlyRetry::kPunish; }
  bool insists(const HttpContext& context) const override {
    const auto* own = table_of(context).known(settings_.header, settings_.shared, *context.request);
    return own != nullptr && own->told.left(context.now) > Duration::zero();
  }

 private:
  static void check_kind(const Settings& settings, const Node& table, Diagnostics& problems) {
    const bool windowed = settings.limit || settings.window;
    if (settings.rate ? windowed : !(settings.limit && settings.window)) {
      problems.add(table.where, "fault \"rate_limit\" needs either `rate`, or `limit` and `window`",
                   "e.g. rate = \"10/s\", or limit = 100 and window = \"1m\"");
      return;
    }
    const auto other = settings.rate ? "header_prefix" : "burst";
    if (table.find(other) != nullptr) {
      problems.add(position_of(table, other),
                   std::string(other) + " belongs to `" + (settings.rate ? "window" : "rate") + "`",
                   "leave it out");
    }
    if (!is_token(settings.header_prefix)) {
      problems.add(position_of(table, "header_prefix"),
                   in_quotes(settings.header_prefix) + " is not a valid prefix of header names",
                   "e.g. \"X-RateLimit-\"");
    }
  }

  static LimitTable<RequestLimit>& table_of(const HttpContext& context) {
    return static_cast<RequestLimits&>(*context.shared).table;
  }

  // Returns how long the client must wait; zero if the request passes. An early retry (`early`
  // above zero) takes no token.
  Duration pace(TokenBucket& bucket, Duration early, Instant now) const {
    if (early > Duration::zero()) return early;
    const Duration cost{static_cast<std::int64_t>(1e9 / settings_.rate->per_second)};
    return bucket.take(now, cost, cost * (settings_.burst - 1));
  }

  Duration count(FixedWindow& window, Instant now, HttpMessage& message) const {
    const auto count = window.add(now, *settings_.window);
    const auto limit = *settings_.limit;
    const auto remaining = std::max<std::int64_t>(limit - count.number, 0);
    const auto add = [&](std::string_view name, std::string value) {
      message.response_headers.push_back(
          {settings_.header_prefix + std::string(name), std::move(value)});
    };
    add("Limit", std::to_string(limit));
    add("Remaining", std::to_string(remaining));
    add("Reset", retry_after_seconds(count.left));
    return count.number <= limit ? Duration::zero() : count.left;
  }

  Note turn_away(Duration wait, Duration early, HttpMessage& message) const {
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = {static_cast<int>(settings_.status),
                      {{"retry-after", retry_after_seconds(wait)}, {"content-type", "text/plain"}},
                      "too many requests\n"};
    return note_of_refusal({.action = "refuse", .delay = wait}, early, message.answer);
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
         "Requests above a rate, or above a number in a window of time, get the status 429 with "
         "Retry-After. They do not reach the server. With a window, every response says how many "
         "requests are left (RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset).",
     .correct_client =
         "waits for the time in Retry-After before it sends the request again, and sends less "
         "while few requests are left",
     .unit =
         "request; counted per client address, per header value or per rule (`shared`, `header`)",
     .composition = "the first rule that answers or drops a request decides",
     .source = "RFC 6585, 4 (429); RFC 9110, 10.2.3 (Retry-After); ITU-T I.371, generic cell rate "
               "algorithm; draft-ietf-httpapi-ratelimit-headers-03 (RateLimit headers)"});

}  // namespace brownout::rules
