// dribble: sends the body of a response in pieces of equal size, one after the other, over a time.
#include <algorithm>

#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"
#include "rules/engine/whole_body.h"

namespace brownout::rules {
namespace {

struct DribbleSettings {
  std::int64_t chunks = 5;
  Duration over{};
};

// Piece k of n leaves at k/n of the time, so the body is complete when the time ends. Bytes that
// arrive later than the time of their piece pass at once. Only the length of the body must be
// known, not its bytes.
class DribbleStage final : public HoldingStage {
 public:
  DribbleStage(const DribbleSettings& settings, std::uint64_t length, Intensity intensity,
               Instant now)
      : chunks_(std::min<std::uint64_t>(static_cast<std::uint64_t>(settings.chunks), length)),
        length_(length),
        over_(scaled(settings.over, intensity.at(now))),
        began_(now) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    while (!chunk.empty()) {
      const auto piece = piece_of(passed_);
      const auto size = std::min<std::uint64_t>(chunk.size(), end_of(piece) - passed_);
      const auto ready = later(began_, part_of_time(piece + 1));
      if (passed_ == 0) out.note({.action = "dribble", .delay = over_}, now);
      passed_ += size;
      hold(chunk.take_front(static_cast<std::size_t>(size)), std::max(ready, now), now, out);
    }
  }

 private:
  // Products have 128 bits: a body may have 2^63 bytes.
  __extension__ using Wide = unsigned __int128;

  std::uint64_t end_of(std::uint64_t piece) const {
    if (piece + 1 >= chunks_) return UINT64_MAX;
    return static_cast<std::uint64_t>(Wide{piece + 1} * length_ / chunks_);
  }
  // Returns the piece that has the byte at this offset.
  std::uint64_t piece_of(std::uint64_t offset) const {
    auto piece =
        std::min(static_cast<std::uint64_t>(Wide{offset} * chunks_ / length_), chunks_ - 1);
    while (end_of(piece) <= offset) ++piece;
    return piece;
  }
  Duration part_of_time(std::uint64_t pieces) const {
    return Duration(static_cast<std::int64_t>(Wide{static_cast<std::uint64_t>(over_.count())} *
                                              pieces / chunks_));
  }

  std::uint64_t chunks_;
  std::uint64_t length_;
  Duration over_;
  Instant began_;
  std::uint64_t passed_ = 0;  // bytes that arrived so far
};

class Dribble final : public HttpOnlyFault {
 public:
  using Settings = DribbleSettings;
  explicit Dribble(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("chunks", &Settings::chunks,
              "number of pieces of equal size; a body with fewer bytes has one piece for each byte",
              {.least = 1, .most = 10'000}),
        field("over", &Settings::over,
              "time until the last piece is sent; the pieces are sent at equal intervals, the "
              "first after one interval",
              {.least = Duration(1), .required = true}),
    }};
    return schema;
  }

  // The body can be divided into pieces only if its length is known.
  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    const bool known = message.body || message.head.find("content-length") != nullptr;
    if (known || message.decided() || !has_body(context, message)) return std::nullopt;
    message.wants_body = is_event_stream(message.head) ? Bytes{} : kMostBody;
    return std::nullopt;
  }

  Result<std::optional<Note>> on_body(const HttpContext&, HttpMessage& message) const override {
    if (message.body) return std::nullopt;
    return config_error(
        "the body has no Content-Length, and is a stream of events, incomplete, or longer than " +
        to_text(kMostBody));
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction == Direction::kUpstream) return nullptr;
    const auto length = context.flow->http->response_length.value_or(0);
    if (length == 0) return nullptr;
    return std::make_unique<DribbleStage>(settings_, length, context.intensity, context.now);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDribble = describe<Dribble>(
    {.name = "dribble",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .ramp = Ramp::kMagnitude,
     .ramped = "`over` grows from 0 to its value",
     .on_body = true,
     .http_part = ExchangePart::kResponse,
     .summary = "The body of the response arrives in pieces, one after the other. Its headers "
                "arrive without a delay, except those of a body without Content-Length: it is "
                "read up to its end first, and passes unchanged if it has more than 1 MiB.",
     .correct_client = "continues while the body makes progress, has a time-out for the whole "
                       "response, and puts the pieces together",
     .unit = "response body",
     .composition = "the slowest rule decides when a piece is sent",
     .source = "WireMock, chunked dribble delay; MockServer, slowResponseChunkDelay"});

}  // namespace brownout::rules
