#include "rules/faults/truncate_body.h"

#include <algorithm>

#include "rules/how_to_close.h"

namespace brownout::rules {
namespace {

struct Settings {
  Bytes after{};
  HowToClose close = HowToClose::kFin;
};

class TruncateStage final : public Stage {
 public:
  explicit TruncateStage(const Settings& settings)
      : left_(settings.after.count), how_(settings.close) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto size = static_cast<std::int64_t>(chunk.size());
    const auto passed = std::min(left_, size);
    left_ -= passed;
    out.emit(chunk.take_front(static_cast<std::size_t>(passed)), now);
    if (passed == size) return;
    out.note({.action = "cut", .bytes = size - passed}, now);
    out.close(how_ == HowToClose::kRst ? Close::kReset : Close::kFin, now);
  }

 private:
  std::int64_t left_;
  HowToClose how_;
};

class TruncateBody final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit TruncateBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "how much of the body passes; a shorter one is left alone"),
        field("close", &Settings::close, "how the connection ends"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<TruncateStage>(settings_);
  }

  Settings settings_;
};

}  // namespace

const FaultKind kTruncateBody =
    describe<TruncateBody>({.name = "truncate_body",
                            .level = Level::kMessage,
                            .carriers = kHttpRequests,
                            .directed = true,
                            .on_body = true,
                            .summary = "The body breaks off, and the connection closes.",
                            .magnitude = "body of a request, a response, or both (`direction`)",
                            .composition = "the smallest limit wins",
                            .source = {}});

}  // namespace brownout::rules
