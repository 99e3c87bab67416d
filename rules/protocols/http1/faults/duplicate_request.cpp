// duplicate_request: sends a request to the server twice. Shows which operations of the server are
// not idempotent.
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
        field("limit", &Settings::limit,
              "largest request body that is sent twice (Brownout buffers the copy); a request with "
              "a larger body is sent once",
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
     .http_part = ExchangePart::kRequest,
     .summary = "The server gets the request twice, as from a client that retries a request that "
                "had arrived. The client gets only the first of the two responses.",
     .correct_client = "puts an identifier into each request that is not idempotent, so that the "
                       "server executes the request once",
     .unit = "request",
     .composition = "the request is sent twice, however many rules act",
     .source = "RFC 9110, 9.2.2; RFC 9112, 9.3.1"});

}  // namespace brownout::rules
