// drop_response: discards the response and keeps the connection open. The client cannot know
// whether the server executed the request.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

class DropResponse final : public HttpOnlyFault {
 public:
  using Settings = NoSettings;
  explicit DropResponse(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.fate = HttpMessage::Fate::kSilence;
    return Note{.action = "drop response"};
  }
};

}  // namespace

extern const FaultKind kDropResponse = describe<DropResponse>(
    {.name = "drop_response",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The server processes the request. The client gets no response, and the connection "
                "stays open.",
     .correct_client = "gives up after its own time-out, and retries only requests that are "
                       "idempotent or carry an idempotency key",
     .unit = "request",
     .composition = "the first rule that answers, drops or closes decides",
     .source = "RFC 9110, 9.2.2; RFC 9112, 9.5"});

}  // namespace brownout::rules
