// replace_status: changes the status of the server's response and keeps its headers and its body.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/weighted_status.h"

namespace brownout::rules {
namespace {

// Statuses whose responses have no body (RFC 9110, 6.4.1 and 15.3.6).
bool forbids_body(int status) { return status == 204 || status == 205 || status == 304; }

struct ReplaceStatusSettings {
  WeightedStatus status;
};

class ReplaceStatus final : public HttpOnlyFault {
 public:
  using Settings = ReplaceStatusSettings;
  explicit ReplaceStatus(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("status", &Settings::status,
              "the new status, from 200 to 599; { 500 = 2, 503 = 1 } draws a status for each "
              "response, with these weights. 204, 205 and 304 are not possible, because such "
              "responses have no body",
              {.required = true}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    for (const auto& [status, weight] : settings.status.choices) {
      if (!forbids_body(status)) continue;
      problems.add(position_of(table, "status"),
                   "a response with status " + std::to_string(status) + " has no body",
                   "use the fault \"abort\", which answers in place of the server");
    }
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided() || message.head.status < 200) return std::nullopt;
    const auto status = settings_.status.draw(context.dice);
    const auto& line = message.head.start_line;
    const auto version = line.substr(0, line.find(' '));
    // Otherwise the client would wait for a body that the server did not send.
    const auto old = message.head.status;
    if (old == 204 || old == 304) message.head.announce(0);
    message.head.status = status;
    message.head.start_line =
        version + " " + std::to_string(status) + " " + std::string(reason_phrase(status));
    message.edited = true;
    return Note{.action = "rewrite", .status = status};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReplaceStatus = describe<ReplaceStatus>(
    {.name = "replace_status",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The server processes the request, and the client gets the server's headers and "
                "body with another status.",
     .correct_client = "acts on the status and not on the body, and retries a 5xx only if the "
                       "request is idempotent, because the server may have executed it",
     .unit = "response",
     .composition = "the last rule decides the status",
     .source = "RFC 9110, 9.2.2 (idempotent methods) and 15 (status codes)"});

}  // namespace brownout::rules
