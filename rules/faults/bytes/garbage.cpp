// garbage: random bytes in place of data, then the end of the connection, as from a process that
// writes to the wrong socket. Mountebank has this fault under the name RANDOM_DATA_THEN_CLOSE.
#include <algorithm>
#include <vector>

#include "rules/engine/fault.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

constexpr std::int64_t kMostGarbage = 1 << 20;

struct GarbageSettings {
  Bytes bytes{256};
  HowToClose close = HowToClose::kFin;
};

class GarbageStage final : public Stage {
 public:
  GarbageStage(const GarbageSettings& settings, const StageContext& context)
      : settings_(settings), dice_(context.dice.split("bytes")) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    std::vector<std::byte> random(static_cast<std::size_t>(settings_.bytes.count));
    for (std::size_t i = 0; i < random.size(); ++i) {
      random[i] = static_cast<std::byte>(dice_.bits(i) & 0xff);
    }
    out.note({.action = "send random bytes", .bytes = static_cast<std::int64_t>(chunk.size())},
             now);
    out.emit(Chunk::copy_of(random), now);
    out.close(settings_.close == HowToClose::kRst ? Close::kResetAfterData : Close::kFin, now);
  }

 private:
  GarbageSettings settings_;
  Dice dice_;
};

class Garbage final : public Fault {
 public:
  using Settings = GarbageSettings;
  explicit Garbage(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("bytes", &Settings::bytes, "number of random bytes",
              {.least = Bytes{1}, .most = Bytes{kMostGarbage}}),
        field("close", &Settings::close,
              "how both ends are closed, after the random bytes: by FIN or by RST"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<GarbageStage>(settings_, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kGarbage = describe<Garbage>(
    {.name = "garbage",
     .level = Level::kBytes,
     .summary = "The first data of a direction is replaced by random bytes, then both ends of the "
                "connection are closed. With `direction = \"downstream\"` the server gets the "
                "request, and the client gets random bytes for an answer.",
     .correct_client = "reports that the answer is not valid in its protocol, closes the "
                       "connection, and repeats only what may be executed twice",
     .unit = "connection",
     .composition = "the first rule that gets data decides",
     .source = "Mountebank, faults (RANDOM_DATA_THEN_CLOSE); RFC 9293, 3.6 (closing)"});

}  // namespace brownout::rules
