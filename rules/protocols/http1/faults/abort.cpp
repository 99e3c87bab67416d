// abort: answers requests without the server, as a proxy or an overloaded server does.
#include "rules/chance/client_table.h"
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/grpc/grpc_status.h"
#include "rules/protocols/http1/body_template.h"
#include "rules/protocols/http1/faults/early_retry.h"
#include "rules/protocols/http1/weighted_status.h"

namespace brownout::rules {
namespace {

struct AbortSettings {
  WeightedStatus status;
  std::vector<HttpHeader> headers;
  std::string body;
  TemplateValues values = TemplateValues::kOff;
  std::optional<GrpcStatus> grpc_status;
  EarlyRetry retry_after = EarlyRetry::kIgnore;
};

// Stores, for each client address, the time until which Retry-After told the client to wait.
struct ToldClients final : FaultState {
  ClientTable<ToldToWait> clients;
};

class Abort final : public HttpOnlyFault {
 public:
  using Settings = AbortSettings;
  explicit Abort(const Settings& settings)
      : settings_(settings),
        body_(BodyTemplate::of(settings.body, settings.values).value_or(BodyTemplate())) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("status", &Settings::status,
              "status of the response, from 200 to 599; { 500 = 2, 503 = 1 } draws a status for "
              "each request, with these weights"),
        field("headers", &Settings::headers,
              "headers of the response, e.g. { retry-after = \"5\" }"),
        field("body", &Settings::body, "body of the response"),
        field("template", &Settings::values, std::string(kAboutTemplate)),
        field(
            "grpc_status", &Settings::grpc_status,
            "gRPC status for clients of gRPC and gRPC-Web, e.g. 14 (UNAVAILABLE); the HTTP status "
            "is 200",
            {.least = GrpcStatus::kOk, .most = GrpcStatus::kUnauthenticated}),
        field("retry_after", &Settings::retry_after,
              std::string(kAboutEarlyRetry) +
                  "; needs retry-after in `headers` with a number of seconds, and applies to each "
                  "client address separately"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_template(settings.body, settings.values, position_of(table, "body"), problems);
    if (settings.retry_after == EarlyRetry::kPunish && !retry_after_of(settings.headers)) {
      problems.add(
          position_of(table, "retry_after"),
          "retry_after = \"punish\" needs retry-after in `headers`, with a number of seconds",
          "e.g. headers = { retry-after = 5 }");
    }
    if (!settings.grpc_status || table.find("status") == nullptr) return;
    problems.add(position_of(table, "status"),
                 "status and grpc_status exclude each other, because the answer to a gRPC call has "
                 "the HTTP status 200",
                 "leave out status or grpc_status");
  }

  bool punishes() const override { return settings_.retry_after == EarlyRetry::kPunish; }
  std::unique_ptr<FaultState> make_state() const override {
    return punishes() ? std::make_unique<ToldClients>() : nullptr;
  }
  bool insists(const HttpContext& context) const override {
    const auto* told = clients_of(context).known(context.request->client_key());
    return told != nullptr && told->left(context.now) > Duration::zero();
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.fate = HttpMessage::Fate::kAnswer;
    const auto& request = *context.request->http;
    message.answer = {settings_.status.draw(context.dice), settings_.headers, body_.fill(request)};
    if (settings_.grpc_status)
      make_grpc(message.answer, request, static_cast<std::int64_t>(*settings_.grpc_status));
    return note_of_refusal({.action = "answer"}, punish(context), message.answer);
  }

 private:
  static ClientTable<ToldToWait>& clients_of(const HttpContext& context) {
    return static_cast<ToldClients&>(*context.shared).clients;
  }

  // Returns how long an early client must still wait. For a client that is not early, returns zero
  // and records that this answer tells the client to wait.
  Duration punish(const HttpContext& context) const {
    if (!punishes()) return Duration::zero();
    auto* told = clients_of(context).of(context.request->client_key());
    if (told == nullptr) return Duration::zero();
    const auto left = told->left(context.now);
    if (left == Duration::zero()) told->tell(context.now, *retry_after_of(settings_.headers));
    return left;
  }

  Settings settings_;
  BodyTemplate body_;
};

}  // namespace

extern const FaultKind kAbort = describe<Abort>(
    {.name = "abort",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kRequest,
     .summary = "The request is answered with a configured status, for example 503. The request "
                "never reaches the server.",
     .correct_client = "reports the error, and retries a 503 only after the time in Retry-After, a "
                       "bounded number of times",
     .unit = "request",
     .composition = "the first rule that answers or drops a request decides",
     .source =
         "RFC 9110, 10.2.3 (Retry-After) and 15.6.4 (503); Envoy, HTTP fault injection, abort"});

}  // namespace brownout::rules
