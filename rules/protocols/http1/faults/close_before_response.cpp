// close_before_response: the server processes the request, but the client's connection closes
// before the response.
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
        field("close", &Settings::close, "how the connection ends"),
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
     .of_http = Half::kResponse,
     .summary = "The server processes the request, but the connection closes before the response.",
     .unit = "request",
     .composition = "the first rule that ends the connection decides",
     .source = {}});

}  // namespace brownout::rules
