// h2_window: withholds WINDOW_UPDATE frames, so that the client's uploads stall.
#include "rules/engine/http2_fault.h"

namespace brownout::rules {
namespace {

class WindowHeld final : public Http2OnlyFault {
 public:
  using Settings = NoSettings;
  explicit WindowHeld(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::string_view on_connection(Http2ConnectionFaults& faults) const override {
    faults.holds_window = true;
    return "hold WINDOW_UPDATE";
  }
};

}  // namespace

extern const FaultKind kH2Window = describe<WindowHeld>(
    {.name = "h2_window",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_http2 = true,
     .summary =
         "The streams of an HTTP/2 client get no WINDOW_UPDATE: a body comes to a stop when it "
         "has filled its window (256 KiB). Requests with a small body or none, and "
         "responses, still pass.",
     .correct_client = "has a deadline for each request, also while it sends the body, and does "
                       "not let other requests wait for a blocked request",
     .unit = "HTTP/2 connection",
     .composition = "several rules act like one",
     .source = "RFC 9113, 5.2 and 6.9"});

}  // namespace brownout::rules
