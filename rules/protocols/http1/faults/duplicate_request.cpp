// duplicate_request: sends a request to the server twice, as a client does that retries a request
// which had arrived. Reveals operations that are not idempotent. The client gets the response to
// the first request only.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

struct DuplicateRequestSettings {
  Bytes limit{1 << 20};
};

class DuplicateRequest final : public HttpOnlyFault {
 public:
  using Settings = DuplicateRequestSettings;
  explicit DuplicateRequest(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field(
            "limit", &Settings::limit,
            "largest body to duplicate, because the copy is buffered; requests with a larger body "
            "are sent once",
            {.least = Bytes{1}, .most = Bytes{64 << 20}}),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.duplicate = settings_.limit;
    return Note{.action = "duplicate"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDuplicateRequest = describe<DuplicateRequest>(
    {.name = "duplicate_request",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .of_http = Half::kRequest,
     .summary = "The server gets the request twice, and the client gets one response.",
     .unit = "request",
     .composition = "several rules together send one copy",
     .source = {}});

}  // namespace brownout::rules
