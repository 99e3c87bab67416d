// h2_goaway: sends GOAWAY on the connection of a request, as a server does that is about to
// restart.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {

template <>
struct EnumNames<Goaway::Last> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, Goaway::Last>>(
      {{"last", Goaway::Last::kLast}, {"zero", Goaway::Last::kZero}, {"max", Goaway::Last::kMax}});
};

namespace {

struct GoawaySettings {
  Http2Error code = Http2Error::kNoError;
  Goaway::Last last_stream_id = Goaway::Last::kLast;
  std::optional<Duration> close_after;
};

class GoawayFault final : public HttpOnlyFault {
 public:
  using Settings = GoawaySettings;
  explicit GoawayFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("code", &Settings::code, "error code of the GOAWAY"),
        field(
            "last_stream_id", &Settings::last_stream_id,
            "the last stream id in the GOAWAY. \"last\": this request and all earlier requests are "
            "served. \"zero\": no request is served, and the client may repeat them all. \"max\": "
            "the GOAWAY is only a warning, after which the client may still open streams"),
        field("close_after", &Settings::close_after,
              "time from the GOAWAY to the close of the connection; left out, the connection "
              "closes when its streams have ended"),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (context.request->http->version < 2 || message.http2.goaway) return std::nullopt;
    message.http2.goaway = Goaway{settings_.code, settings_.last_stream_id, settings_.close_after};
    return Note{.action = "goaway"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kH2Goaway = describe<GoawayFault>(
    {.name = "h2_goaway",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kRequest,
     .summary = "When the request arrives, its connection gets a GOAWAY. Requests of HTTP/1 are "
                "served as usual.",
     .correct_client = "opens a new connection for its next requests, waits for the responses of "
                       "the streams that the GOAWAY covers, and repeats the others",
     .unit = "request: each matching request causes one GOAWAY, so `first` and `every` of `match` "
             "limit their number",
     .composition = "the first rule that acts on the request decides",
     .source = "RFC 9113, 6.8; gRFC A6 and A9 (server-side connection management)"});

}  // namespace brownout::rules
