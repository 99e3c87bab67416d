// idle_timeout: a NAT or a stateful firewall forgets a flow that was idle for too long. Neither end
// gets a FIN or RST: the connection is half-open, and data sent on it later vanishes.
//
// A datagram session is restored as soon as its client sends; until then, datagrams of the server
// are lost.
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct IdleTimeoutSettings {
  Duration after{};
};

class IdleTimeoutStage final : public HoldingStage {
 public:
  IdleTimeoutStage(Duration after, const StageContext& context)
      : after_(after), activity_(context.flow->activity), began_(context.now) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    touch(now, out);
    hold(std::move(chunk), cut_ ? kNever : now, now, out);
  }
  void finish(Instant now, Output& out) override {
    touch(now, out);
    line_.finish(cut_ ? kNever : now);
    line_.drain(now, out);
  }
  void wake(Instant now, Output& out) override { expire(now, out); }
  Instant deadline() const override { return cut_ ? kNever : expires(); }
  bool blackholed() const override { return cut_; }

 private:
  // Idle time before the rule started does not count.
  Instant expires() const { return later(std::max(activity_->last, began_), after_); }

  void expire(Instant now, Output& out) {
    if (cut_ || now < expires()) return;
    cut_ = true;
    out.note({.action = "forget"}, now);
  }
  void touch(Instant now, Output& out) {
    expire(now, out);
    if (!cut_) activity_->last = now;
  }

  Duration after_;
  FlowActivity* activity_;
  Instant began_;
  bool cut_ = false;
};

class DatagramIdleStage final : public Stage {
 public:
  DatagramIdleStage(Duration after, const StageContext& context)
      : after_(after),
        activity_(context.flow->activity),
        began_(context.now),
        client_(context.direction == Direction::kUpstream) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const bool forgotten = now >= later(std::max(activity_->last, began_), after_);
    if (!client_ && forgotten) {
      return out.note({.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    }
    activity_->last = now;
    out.emit(std::move(chunk), now);
  }

 private:
  Duration after_;
  FlowActivity* activity_;
  Instant began_;
  bool client_;
};

class IdleTimeout final : public Fault {
 public:
  using Settings = IdleTimeoutSettings;
  explicit IdleTimeout(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "idle time, without data in either direction, after which the flow is forgotten",
              {.least = Duration(1), .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramIdleStage>(settings_.after, context);
    }
    return std::make_unique<IdleTimeoutStage>(settings_.after, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kIdleTimeout =
    describe<IdleTimeout>({.name = "idle_timeout",
                           .level = Level::kBytes,
                           .carriers = kStreams | kDatagrams,
                           .summary = "A connection that was idle for too long is half-open: no "
                                      "data arrives, and neither end gets a FIN or RST.",
                           .unit = "connection or session",
                           .composition = "the shortest idle time wins",
                           .source = "RFC 5382, 5 (REQ-5); RFC 4787, 4.3"});

}  // namespace brownout::rules
