// close_after_headers: closes the client's connection after the head of the response, before the
// body.
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
     .of_http = Half::kResponse,
     .summary = "The head of the response arrives, then the connection closes.",
     .unit = "request",
     .composition = "the first rule that ends the connection decides",
     .source = {}});

}  // namespace brownout::rules
