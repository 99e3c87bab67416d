// truncate_message: cuts off the end of a payload. Text stays valid UTF-8: up to three more bytes
// are cut, so that no character is split. A protocol error would close the connection.
#include <algorithm>

#include "rules/base/utf8.h"
#include "rules/engine/message_fault.h"
#include "rules/faults/common/truncate_stage.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

struct TruncateMessageSettings {
  Bytes after{};
};

class TruncateMessageStage final : public Stage {
 public:
  explicit TruncateMessageStage(const TruncateMessageSettings& settings)
      : most_(static_cast<std::size_t>(settings.after.count)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = chunk.message();
    if (message != nullptr && must_be_text(*message)) return push_text(std::move(chunk), now, out);
    if (chunk.size() <= most_) return out.emit(std::move(chunk), now);
    const auto cut = static_cast<std::int64_t>(chunk.size() - most_);
    out.note({.action = "cut", .bytes = cut}, now);
    out.emit(chunk.take_front(most_), now);
  }

 private:
  void push_text(Chunk chunk, Instant now, Output& out) const {
    const auto words = words_of(chunk);
    if (!words || words->size() <= most_) return out.emit(std::move(chunk), now);
    const auto left = utf8_front(*words, most_);
    auto shorter = with_text(chunk, left);
    if (!shorter) return out.emit(std::move(chunk), now);
    out.note({.action = "cut", .bytes = static_cast<std::int64_t>(words->size() - left.size())},
             now);
    out.emit(std::move(*shorter), now);
  }

  std::size_t most_;
};

class TruncateMessage final : public PayloadFault {
 public:
  using Settings = TruncateMessageSettings;
  explicit TruncateMessage(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "how many bytes of the payload arrive (XMPP: of the body; HTTP: of the body; DNS: of "
              "the whole answer)"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kHttp) {
      return std::make_unique<TruncateStage>(settings_.after.count, Close::kFin);
    }
    return std::make_unique<TruncateMessageStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTruncateMessage = describe<TruncateMessage>(
    {.name = "truncate_message",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .on_body = true,
     .dns_part = ExchangePart::kResponse,
     .summary =
         "The payload of a message arrives cut short, in a complete and valid message of that "
         "length. In XMPP only the body is cut. HTTP: the body is cut short, and the "
         "connection closes. DNS: the answer itself is cut short.",
     .correct_client =
         "detects the incomplete content, does not act on it, reports the error, and keeps "
         "running",
     .unit = "message, in each direction; body of an HTTP request or response; DNS answer",
     .composition = "the smallest `after` decides",
     .source =
         "RFC 9112, 8 (incomplete messages); RFC 6455, 8.1 (UTF-8); RFC 1035, 7.3 (processing "
         "responses)"});

}  // namespace brownout::rules
