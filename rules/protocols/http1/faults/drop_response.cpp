// drop_response: the server processes the request, but the client gets no response and waits on an
// open connection.
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
    return Note{.action = "swallow"};
  }
};

}  // namespace

extern const FaultKind kDropResponse = describe<DropResponse>(
    {.name = "drop_response",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .of_http = Half::kResponse,
     .summary = "The server processes the request, but the client gets no response.",
     .unit = "request",
     .composition = "later rules do not see a response that an earlier rule dropped",
     .source = {}});

}  // namespace brownout::rules
