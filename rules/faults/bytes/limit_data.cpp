// limit_data: closes a connection after a number of bytes in one direction. The number is exact,
// whatever the size of reads. Toxiproxy has this fault under the same name.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

struct LimitDataSettings {
  Bytes bytes{};
  HowToClose close = HowToClose::kFin;
};

class LimitDataStage final : public Stage {
 public:
  explicit LimitDataStage(const LimitDataSettings& settings)
      : most_(settings.bytes.count), how_(settings.close) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto left = std::max<std::int64_t>(0, most_ - passed_);
    const auto passes = std::min(left, static_cast<std::int64_t>(chunk.size()));
    passed_ += passes;
    out.emit(chunk.take_front(static_cast<std::size_t>(passes)), now);
    if (passed_ < most_) return;
    out.note({.action = "cut", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    out.close(how_ == HowToClose::kRst ? Close::kResetAfterData : Close::kFin, now);
  }
  void take_over(const Stage& before, Instant /*now*/) override {
    passed_ = static_cast<const LimitDataStage&>(before).passed_;
  }

 private:
  std::int64_t most_;
  std::int64_t passed_ = 0;
  HowToClose how_;
};

class LimitData final : public Fault {
 public:
  using Settings = LimitDataSettings;
  explicit LimitData(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("bytes", &Settings::bytes,
              "how many bytes pass in one direction before the close; with 0 B the first byte "
              "causes the close",
              {.required = true}),
        field("close", &Settings::close,
              "how both ends are closed, after the bytes that pass: by FIN or by RST"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<LimitDataStage>(settings_);
  }
  bool inherits_state() const override { return true; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kLimitData = describe<LimitData>(
    {.name = "limit_data",
     .level = Level::kBytes,
     .summary = "A fixed number of bytes passes in one direction, then both ends of the connection "
                "are closed. The last message may be incomplete.",
     .correct_client = "recognises that the last message is incomplete, does not use it, and "
                       "reports or repeats the request",
     .unit = "direction of a connection",
     .composition = "the smallest `bytes` decides",
     .source = "Toxiproxy, limit_data; RFC 9112, 8 (incomplete messages)"});

}  // namespace brownout::rules
