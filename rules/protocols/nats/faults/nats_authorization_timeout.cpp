// nats_authorization_timeout: drops CONNECT and all data after it, so the server never sees the
// client's credentials. The client then gets an error.
#include "rules/engine/fault.h"
#include "rules/faults/common/dropping_stage.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::rules {
namespace {

struct NatsAuthorizationTimeoutSettings {
  Duration after = std::chrono::seconds(2);
};

class NatsAuthorizationTimeoutStage final : public Stage {
 public:
  explicit NatsAuthorizationTimeoutStage(const NatsAuthorizationTimeoutSettings& settings)
      : settings_(settings) {}

  // Drops a CONNECT, and starts the time until the error. A connection that sends no CONNECT while
  // the rule is active is not affected.
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* line = nats_line_of(chunk);
    if (line != nullptr && line->verb == NatsVerb::kConnect && ends_ == kNever) {
      ends_ = later(now, settings_.after);
    }
    pass(std::move(chunk), now, out);
  }
  // Passes data before the CONNECT, and drops the CONNECT and all data after it.
  void pass(Chunk chunk, Instant now, Output& out) override {
    if (ends_ == kNever) return out.emit(std::move(chunk), now);
    out.note(dropped(chunk, count_++), now);
  }
  void wake(Instant now, Output& out) override {
    ends_ = kNever;
    out.reply(nats_error("Authentication Timeout"), now);
    out.close(Close::kFin, now);
  }
  void release(Instant now, Output& out) override {
    if (ends_ != kNever) wake(now, out);
  }
  Instant deadline() const override { return ends_; }

 private:
  NatsAuthorizationTimeoutSettings settings_;
  Instant ends_ = kNever;
  std::uint64_t count_ = 0;
};

// WholeMessages changes no messages. While this stage exists, server messages are buffered whole,
// so that the error can be inserted between two of them.
class WholeMessages final : public Stage {
 public:
  void push(Chunk chunk, Instant now, Output& out) override { out.emit(std::move(chunk), now); }
};

class NatsAuthorizationTimeout final : public Fault {
 public:
  using Settings = NatsAuthorizationTimeoutSettings;
  explicit NatsAuthorizationTimeout(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after, "time from the CONNECT of the client to the error",
              {.most = std::chrono::hours(1)}),
    }};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction != Direction::kUpstream) return std::make_unique<WholeMessages>();
    return std::make_unique<NatsAuthorizationTimeoutStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kNatsAuthorizationTimeout = describe<NatsAuthorizationTimeout>(
    {.name = "nats_authorization_timeout",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .at_opening = true,
     .protocols = [] { return ProtocolSet::of(NatsMessage::protocol()); },
     .summary = "The CONNECT of a new connection gets no answer. After the time `after`, -ERR "
                "'Authentication Timeout' arrives, and the connection closes.",
     .correct_client =
         "tries the next server, with increasing delays, and does not report wrong credentials",
     .unit = "connection",
     .composition = "the first rule that ends the connection decides",
     .source = "NATS documentation, Authorization, timeout; nats-server, client.go"});

}  // namespace brownout::rules
