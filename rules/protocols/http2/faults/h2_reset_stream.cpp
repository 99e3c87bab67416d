// h2_reset_stream: ends a stream with RST_STREAM, at a chosen point of the response.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

enum class ResetFrom { kServer, kBoth };

}  // namespace

template <>
struct EnumNames<StreamReset::At> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, StreamReset::At>>(
      {{"headers", StreamReset::At::kHeaders},
       {"body", StreamReset::At::kBody},
       {"bytes", StreamReset::At::kBytes},
       {"trailers", StreamReset::At::kTrailers}});
};
template <>
struct EnumNames<ResetFrom> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, ResetFrom>>(
      {{"server", ResetFrom::kServer}, {"both", ResetFrom::kBoth}});
};

namespace {

struct ResetStreamSettings {
  Http2Error code = Http2Error::kInternalError;
  StreamReset::At at = StreamReset::At::kHeaders;
  Bytes after{};
  ResetFrom from = ResetFrom::kServer;
};

class ResetStream final : public HttpOnlyFault {
 public:
  using Settings = ResetStreamSettings;
  explicit ResetStream(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("code", &Settings::code,
              "error code of the RST_STREAM; with \"REFUSED_STREAM\" in place of the headers, the "
              "server does not get the request"),
        field("at", &Settings::at,
              "when the RST_STREAM is sent. headers: in place of the response's headers. body: "
              "after the headers. bytes: after `after` bytes of the body. trailers: in place of "
              "the end of the body and its trailers"),
        field("after", &Settings::after, "with at = \"bytes\": bytes of the body that pass"),
        field(
            "from", &Settings::from,
            "who sends the RST_STREAM. server: the client gets it from the server, and the server "
            "gets CANCEL. both: the server gets the same RST_STREAM, too, from the client"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (table.find("after") == nullptr || settings.at == StreamReset::At::kBytes) return;
    problems.add(position_of(table, "after"), "`after` counts the bytes of the body",
                 "write at = \"bytes\", or leave `after` out");
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided() || message.http2.reset) return std::nullopt;
    // REFUSED_STREAM tells the client that the request was not processed (RFC 9113, 8.7), so the
    // request must not reach the server.
    const bool refuses =
        settings_.code == Http2Error::kRefusedStream && settings_.at == StreamReset::At::kHeaders;
    if (refuses != message.is_request()) return std::nullopt;
    message.http2.reset = StreamReset{.code = settings_.code,
                                      .at = settings_.at,
                                      .after = settings_.after,
                                      .both_sides = settings_.from == ResetFrom::kBoth};
    return Note{.action = "reset stream"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kH2ResetStream = describe<ResetStream>(
    {.name = "h2_reset_stream",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .summary =
         "The stream of the request ends with RST_STREAM. Other streams of the connection go "
         "on. To a client of HTTP/1, whose connection carries one request at a time, the "
         "connection is reset.",
     .correct_client = "fails this one request and keeps the connection; repeats it if the code is "
                       "REFUSED_STREAM, or if the request is idempotent",
     .unit = "request",
     .composition = "the first rule that acts on the request decides",
     .source = "RFC 9113, 5.4.2, 6.4, 7 and 8.7; gRFC A6 (transparent retries)"});

}  // namespace brownout::rules
