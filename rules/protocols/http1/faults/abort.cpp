// abort: answers requests without the server, as a proxy or an overloaded server does.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/weighted_status.h"

namespace brownout::rules {
namespace {

struct AbortSettings {
  WeightedStatus status;
  std::vector<HttpHeader> headers;
  std::string body;
  std::optional<std::int64_t> grpc_status;
};

class Abort final : public HttpOnlyFault {
 public:
  using Settings = AbortSettings;
  explicit Abort(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("status", &Settings::status,
              "status of the response, from 200 to 599; { 500 = 2, 503 = 1 } draws one for each "
              "request by weight"),
        field("headers", &Settings::headers,
              "headers of the response, e.g. { retry-after = \"5\" }"),
        field("body", &Settings::body, "body of the response"),
        field(
            "grpc_status", &Settings::grpc_status,
            "gRPC status for clients of gRPC and gRPC-Web, e.g. 14 (unavailable); the HTTP status "
            "is 200",
            {.least = 0, .most = 16}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.grpc_status || table.find("status") == nullptr) return;
    problems.add(position_of(table, "status"), "a gRPC call is answered with status 200",
                 "leave out status or grpc_status");
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = {settings_.status.draw(context.dice), settings_.headers, settings_.body};
    if (settings_.grpc_status) make_grpc(message.answer, *settings_.grpc_status);
    return Note{.action = "answer"};
  }

 private:
  Settings settings_;
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
