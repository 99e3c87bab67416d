// token_quota: a quota of a language model's tokens. The request asks for an uncompressed response.
// The tokens that the response reports are counted while it passes. The next request is refused if
// the quota is used up.
#include <algorithm>
#include <atomic>

#include "rules/chance/token_quota.h"
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/faults/early_retry.h"
#include "rules/protocols/http1/faults/limit_scope.h"
#include "rules/protocols/http1/token_usage.h"

namespace brownout::rules {
namespace {

enum class CountedTokens { kTotal, kOutput };

struct ClientQuota {
  TokenQuota quota;
  ToldToWait told;
};

struct TokenQuotas final : FaultState {
  LimitTable<ClientQuota> table;
  std::atomic<std::int64_t> tokens{0};
  std::atomic<std::uint64_t> unknown{0};  // responses without a usage

  std::string status() override {
    return std::to_string(tokens.load()) + " tokens; " + count_of(unknown.load(), "response") +
           " without usage; ";
  }
};

}  // namespace

template <>
struct EnumNames<CountedTokens> {
  static constexpr std::array kValues{
      std::pair<std::string_view, CountedTokens>{"total", CountedTokens::kTotal},
      std::pair<std::string_view, CountedTokens>{"output", CountedTokens::kOutput}};
};

namespace {

struct TokenQuotaSettings {
  std::int64_t tokens = 0;
  Duration window = std::chrono::minutes(1);
  CountedTokens count = CountedTokens::kTotal;
  std::optional<Bytes> bytes_per_token;
  std::optional<std::string> header;
  LimitScope shared = LimitScope::kClient;
  std::int64_t status = 429;
  EarlyRetry retry_after = EarlyRetry::kIgnore;
};

// Forwards a response, and counts its tokens when it ends, even if the client or a rule ends it
// early.
class UsageStage final : public Stage {
 public:
  UsageStage(const TokenQuotaSettings& settings, TokenQuotas& all, ClientQuota& own,
             const StageContext& context)
      : settings_(settings), all_(all), own_(own), now_(context.now) {
    const auto& http = *context.flow->http;
    if (settings.count == CountedTokens::kTotal) bytes_ = http.request_length.value_or(0);
  }
  UsageStage(const UsageStage&) = delete;
  UsageStage& operator=(const UsageStage&) = delete;
  ~UsageStage() override { charge(now_); }

  void push(Chunk chunk, Instant now, Output& out) override {
    now_ = now;
    bytes_ += chunk.size();
    const auto bytes = chunk.bytes();
    usage_.read({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    out.emit(std::move(chunk), now);
  }
  void finish(Instant now, Output& out) override {
    charge(now);
    out.finish(now);
  }

 private:
  void charge(Instant now) {
    if (std::exchange(charged_, true)) return;
    usage_.read("\n");  // ends a number
    auto tokens = settings_.count == CountedTokens::kTotal ? usage_.total() : usage_.output();
    if (!tokens) all_.unknown.fetch_add(1, std::memory_order_relaxed);
    if (!tokens && settings_.bytes_per_token) {
      const auto size = static_cast<std::uint64_t>(settings_.bytes_per_token->count);
      tokens = static_cast<std::int64_t>((bytes_ + size - 1) / size);
    }
    if (!tokens) return;
    all_.tokens.fetch_add(*tokens, std::memory_order_relaxed);
    own_.quota.use(now, settings_.window, *tokens);
  }

  const TokenQuotaSettings settings_;
  TokenQuotas& all_;
  ClientQuota& own_;
  Instant now_;
  std::uint64_t bytes_ = 0;
  TokenUsage usage_;
  bool charged_ = false;
};

class TokenQuotaFault final : public HttpOnlyFault {
 public:
  using Settings = TokenQuotaSettings;
  explicit TokenQuotaFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("tokens", &Settings::tokens, "number of tokens allowed in each `window`",
              {.least = 1, .most = 1'000'000'000'000, .required = true}),
        field("window", &Settings::window,
              "length of a window; it begins with the first request after the window before",
              {.least = std::chrono::seconds(1), .most = std::chrono::hours(24 * 31)}),
        field(
            "count", &Settings::count,
            "\"total\": the tokens of prompts and answers; \"output\": only the tokens of answers"),
        field("bytes_per_token", &Settings::bytes_per_token,
              "for a response without `usage`: number of bytes of its body, and with \"total\" "
              "also of the request's body, that count as one token; left out, such a response "
              "counts as 0 tokens. English text has about 4 bytes for each token, but a body also "
              "has JSON, and a stream has events around each token",
              {.least = Bytes{1}, .most = Bytes{1 << 20}}),
        field("shared", &Settings::shared, std::string(kAboutShared)),
        field("header", &Settings::header, std::string(kAboutLimitHeader)),
        field("status", &Settings::status, "status of the response when the quota is used up",
              {.least = 400, .most = 599}),
        field("retry_after", &Settings::retry_after, std::string(kAboutEarlyRetry)),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_limit_scope(settings.header, table, problems);
  }

  std::unique_ptr<FaultState> make_state() const override {
    return std::make_unique<TokenQuotas>();
  }
  bool punishes() const override { return settings_.retry_after == EarlyRetry::kPunish; }
  bool insists(const HttpContext& context) const override {
    auto& table = static_cast<TokenQuotas&>(*context.shared).table;
    const auto* own = table.known(settings_.header, settings_.shared, *context.request);
    return own != nullptr && own->told.left(context.now) > Duration::zero();
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    auto& table = static_cast<TokenQuotas&>(*context.shared).table;
    auto* own = table.of(settings_.header, settings_.shared, *context.request);
    if (own == nullptr) return std::nullopt;
    const auto window = own->quota.use(context.now, settings_.window);
    const auto early = punishes() ? own->told.left(context.now) : Duration::zero();
    if (window.used < settings_.tokens && early == Duration::zero()) {
      message.head.set("accept-encoding", "identity");
      message.edited = true;
      return std::nullopt;
    }
    if (early == Duration::zero()) own->told.tell(context.now, seconds_rounded_up(window.left));
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = {
        static_cast<int>(settings_.status),
        {{"retry-after", retry_after_seconds(window.left)}, {"content-type", "application/json"}},
        R"({"type":"error","error":{"type":"rate_limit_error",)"
        R"("code":"rate_limit_exceeded","message":"the quota of tokens is used up"}})"};
    return note_of_refusal({.action = "refuse", .delay = window.left}, early, message.answer);
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction == Direction::kUpstream) return nullptr;
    auto& all = static_cast<TokenQuotas&>(*context.shared);
    auto* own = all.table.known(settings_.header, settings_.shared, *context.flow);
    const auto& response = context.flow->http->response;
    const bool success = response && response->status >= 200 && response->status < 300;
    if (own == nullptr || !success) return nullptr;
    return std::make_unique<UsageStage>(settings_, all, *own, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTokenQuota = describe<TokenQuotaFault>(
    {.name = "token_quota",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_body = true,
     .http_part = ExchangePart::kRequest,
     .summary = "A client of a language model that has used up its tokens gets the status 429 with "
                "Retry-After until its window ends. The tokens are counted as the server's "
                "responses report them: `usage` of OpenAI and Anthropic, `usageMetadata` of "
                "Gemini, the `eval_count` of Ollama, in a JSON body or in the events of a stream. "
                "The server is asked for responses without compression.",
     .correct_client =
         "waits for the time in Retry-After, and meanwhile queues or drops its requests; it asks "
         "streams for their usage (OpenAI: `stream_options.include_usage`)",
     .unit = "request; the tokens of a response count when it ends, so requests that run at the "
             "same time can exceed the quota together",
     .composition = "the first rule that answers or drops a request decides",
     .source =
         "RFC 6585, 4 (429); RFC 9110, 10.2.3 (Retry-After); OpenAI API, Rate limits and The "
         "chat completion object (usage); Anthropic API, Rate limits and Streaming messages"});

}  // namespace brownout::rules
