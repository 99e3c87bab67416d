// cut_stream: ends a body directly before one of its messages. The key `close` decides whether the
// client can distinguish this end from the regular one.
#include <array>

#include "rules/engine/fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

enum class StreamEnd { kEnd, kFin, kRst };

}  // namespace

template <>
struct EnumNames<StreamEnd> {
  static constexpr std::array kValues{
      std::pair<std::string_view, StreamEnd>{"end", StreamEnd::kEnd},
      std::pair<std::string_view, StreamEnd>{"fin", StreamEnd::kFin},
      std::pair<std::string_view, StreamEnd>{"rst", StreamEnd::kRst}};
};

namespace {

struct CutStreamSettings {
  StreamEnd close = StreamEnd::kFin;
};

class CutStreamStage final : public Stage {
 public:
  explicit CutStreamStage(StreamEnd close) : close_(close) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (ended_) return;
    ended_ = true;
    out.note({.action = "cut", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    if (close_ == StreamEnd::kEnd) return out.finish(now);
    out.close(close_ == StreamEnd::kRst ? Close::kResetAfterData : Close::kFin, now);
  }
  // Discards everything after the end.
  void pass(Chunk chunk, Instant now, Output& out) override {
    if (!ended_) out.emit(std::move(chunk), now);
  }
  void finish(Instant now, Output& out) override {
    if (!ended_) out.finish(now);
  }

 private:
  StreamEnd close_;
  bool ended_ = false;
};

class CutStream final : public Fault {
 public:
  using Settings = CutStreamSettings;
  explicit CutStream(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("close", &Settings::close,
              "\"fin\" and \"rst\": the connection closes before the end of the body, once the "
              "client has what was before (HTTP/2: the stream is reset); \"end\": the body ends as "
              "if it were complete"),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<CutStreamStage>(settings_.close);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kCutStream = describe<CutStream>(
    {.name = "cut_stream",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::where(&MessageProtocol::in_http_bodies); },
     .summary = "A body ends before the message that `match` selects: this message and all later "
                "ones are lost. With `close = \"end\"`, the HTTP response ends correctly, so the "
                "client can see only from the messages that some are missing.",
     .correct_client =
         "expects the terminal message of its application, reports the answer as incomplete "
         "without it, and continues where the stream broke off (Server-Sent Events: with "
         "Last-Event-ID)",
     .unit = "body of a request or response",
     .composition = "the first rule that cuts a body decides",
     .source = "WHATWG HTML, 9.2.3 (reconnection) and 9.2.6 (an incomplete event is discarded); "
               "RFC 9112, 8 (incomplete messages)"});

}  // namespace brownout::rules
