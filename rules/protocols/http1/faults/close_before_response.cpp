// close_before_response: closes the connection in place of the response. The client cannot know
// whether the server executed the request.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

struct CloseBeforeResponseSettings {
  HowToClose close = HowToClose::kFin;
};

class CloseBeforeResponse final : public HttpOnlyFault {
 public:
  using Settings = CloseBeforeResponseSettings;
  explicit CloseBeforeResponse(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("close", &Settings::close, "how the connection closes: FIN or RST"),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    const bool resets = settings_.close == HowToClose::kRst;
    message.fate = resets ? HttpMessage::Fate::kReset : HttpMessage::Fate::kClose;
    return Note{.action = resets ? "reset" : "close"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kCloseBeforeResponse = describe<CloseBeforeResponse>(
    {.name = "close_before_response",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The server processes the request. The connection closes before any byte of the "
                "response arrives.",
     .correct_client = "retries the request on a new connection only if its method is idempotent, "
                       "and otherwise reports that its outcome is unknown",
     .unit = "request",
     .composition = "the first rule that answers, drops or closes decides",
     .source = "RFC 9110, 9.2.2; RFC 9112, 9.3.1"});

}  // namespace brownout::rules
