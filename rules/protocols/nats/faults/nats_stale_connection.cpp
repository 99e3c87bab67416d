#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::rules {
namespace {

class NatsStaleStage final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* line = nats_line_of(chunk);
    if (line == nullptr || line->verb != NatsVerb::kPong) return out.emit(std::move(chunk), now);
    out.note(dropped(chunk, count_++), now);
  }

 private:
  std::uint64_t count_ = 0;
};

class NatsStale final : public Fault {
 public:
  using Settings = NoSettings;
  explicit NatsStale(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<NatsStaleStage>();
  }
};

}  // namespace

extern const FaultKind kNatsStaleConnection = describe<NatsStale>(
    {.name = "nats_stale_connection",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(NatsMessage::protocol()); },
     .summary = "PINGs get no PONG, and everything else passes. With direction = \"upstream\", the "
                "server gets no PONG and closes the connection with -ERR 'Stale Connection'.",
     .correct_client = "closes the connection after a bounded number of unanswered PINGs, and "
                       "connects to another server",
     .unit = "PONG",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "NATS documentation, Client Protocol, PING/PONG; nats-server, ping_interval and "
               "ping_max"});

}  // namespace brownout::rules
