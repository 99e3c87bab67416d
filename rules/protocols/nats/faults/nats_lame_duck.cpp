// nats_lame_duck: announces the end of the server (lame duck mode), as before an upgrade, and then
// closes the connection.
#include "rules/engine/fault.h"
#include "rules/protocols/nats/nats_json.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::rules {
namespace {

struct NatsLameDuckSettings {
  Duration grace = std::chrono::seconds(10);
};

class NatsLameDuckStage final : public Stage {
 public:
  explicit NatsLameDuckStage(const NatsLameDuckSettings& settings) : settings_(settings) {}

  // Announces lame duck mode ahead of the first message that is not an INFO. The announcement is a
  // copy of the server's last INFO, with the member ldm.
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* message = view_as<NatsMessage>(chunk.message());
    const bool first = message == nullptr || message->line.verb == NatsVerb::kInfo;
    if (!announced_ && !first && message->connection) announce(message->connection->info, now, out);
    out.emit(std::move(chunk), now);
  }
  void wake(Instant now, Output& out) override {
    closes_ = kNever;
    out.close(Close::kFin, now);
  }
  Instant deadline() const override { return closes_; }

 private:
  void announce(const std::string& info, Instant now, Output& out) {
    auto text = with_nats_flag(info, "ldm", true);
    if (text.empty()) return;
    announced_ = true;
    closes_ = later(now, settings_.grace);
    out.note({.action = "announce shutdown", .delay = settings_.grace}, now);
    out.emit(nats_chunk({.verb = NatsVerb::kInfo, .text = std::move(text)}), now);
  }

  NatsLameDuckSettings settings_;
  bool announced_ = false;
  Instant closes_ = kNever;
};

class NatsLameDuck final : public Fault {
 public:
  using Settings = NatsLameDuckSettings;
  explicit NatsLameDuck(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("grace", &Settings::grace, "time from the announcement to the end of the connection",
              {.most = std::chrono::hours(24)}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kDownstream) return nullptr;
    return std::make_unique<NatsLameDuckStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kNatsLameDuck = describe<NatsLameDuck>(
    {.name = "nats_lame_duck",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(NatsMessage::protocol()); },
     .summary = "At the next message, the server announces its shutdown (INFO with \"ldm\": true). "
                "The connection closes after the time `grace`. New connections are still accepted; "
                "a rule with the fault `refuse` refuses them.",
     .correct_client =
         "connects to another server before the connection closes, and loses no message",
     .unit = "connection",
     .composition = "the first rule that ends the connection decides",
     .source = "NATS documentation, Lame Duck Mode; nats-server, lame_duck_grace_period"});

}  // namespace brownout::rules
