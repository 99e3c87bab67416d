// close_after_headers: sends the head of a response, then closes. Shows whether a client compares
// the body with its announced length.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

class CloseAfterHeaders final : public HttpOnlyFault {
 public:
  using Settings = NoSettings;
  explicit CloseAfterHeaders(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.fate = HttpMessage::Fate::kCloseBehindHead;
    return Note{.action = "close"};
  }
};

}  // namespace

extern const FaultKind kCloseAfterHeaders = describe<CloseAfterHeaders>(
    {.name = "close_after_headers",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The head of the response arrives, then the connection closes with FIN. The body "
                "is missing.",
     .correct_client = "treats the response as incomplete if Content-Length or chunked coding "
                       "announced a body, and does not use it",
     .unit = "response",
     .composition = "the first rule that answers, drops or closes decides",
     .source = "RFC 9112, 6.3 and 8"});

}  // namespace brownout::rules
