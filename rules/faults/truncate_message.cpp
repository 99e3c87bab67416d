#include "rules/faults/truncate_message.h"

#include <algorithm>

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

class TruncateMessage final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit TruncateMessage(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "how much of the message is left"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<TruncateMessageStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

const FaultKind kTruncateMessage =
    describe<TruncateMessage>({.name = "truncate_message",
                               .level = Level::kBytes,
                               .carriers = kMessages,
                               .per_chunk = true,
                               .summary = "Messages arrive cut short. A correct client checks what "
                                          "it reads, says what is wrong with it, and stays alive.",
                               .magnitude = "message, one way",
                               .composition = "the smallest limit wins",
                               .source = {}});

}  // namespace brownout::rules
