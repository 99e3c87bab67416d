#include "rules/faults/truncate_message.h"

#include <algorithm>

#include "rules/message_fault.h"
#include "rules/truncate_stage.h"

namespace brownout::rules {
namespace {

struct Settings {
  Bytes after{};
};

class TruncateMessageStage final : public Stage {
 public:
  explicit TruncateMessageStage(const Settings& settings)
      : most_(static_cast<std::size_t>(settings.after.count)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    if (chunk.size() <= most_) return out.emit(std::move(chunk), now);
    const auto cut = static_cast<std::int64_t>(chunk.size() - most_);
    out.note({.action = "cut", .bytes = cut}, now);
    out.emit(chunk.take_front(most_), now);
  }

 private:
  std::size_t most_;
};

class TruncateMessage final : public MessageFault {
 public:
  using Settings = brownout::rules::Settings;
  explicit TruncateMessage(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "how much of the message is left"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kHttp) {
      return std::make_unique<TruncateStage>(settings_.after.count, Close::kFin);
    }
    return std::make_unique<TruncateMessageStage>(settings_);
  }
  std::optional<Note> on_wire(const DnsContext&, DnsWire& wire) const override {
    const auto size = static_cast<std::int64_t>(wire.message.size());
    if (size <= settings_.after.count) return std::nullopt;
    wire.message.resize(static_cast<std::size_t>(settings_.after.count));
    return Note{.action = "cut", .bytes = size - settings_.after.count};
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kTruncateMessage =
    describe<TruncateMessage>({.name = "truncate_message",
                               .level = Level::kBytes,
                               .carriers = kAnyMessages,
                               .per_chunk = true,
                               .directed = true,
                               .on_body = true,
                               .of_dns = Half::kResponse,
                               .summary = "Messages arrive cut short. A correct client checks what "
                                          "it reads, says what is wrong with it, and stays alive.",
                               .magnitude = "message, one way; of HTTP its body, behind which the "
                                            "connection closes, of DNS the answer",
                               .composition = "the smallest limit wins",
                               .source = {}});

}  // namespace brownout::rules
